import { waitFor } from './wait-for.ts';

/** A line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric family of a scrape. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What a service says of itself. */
export interface Scrape {
  readonly text: string;
  readonly families: ReadonlyMap<string, Family>;
  /** The value of the one sample of this name that has these labels, whatever others it has. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
}

async function print(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}/metrics: ${response.status} ${text}`);
  return text;
}

/**
 * Asks a service for its metrics; `url` is where it listens. They are printed once a second at most, and each
 * printing has another figure of the process: the one returned was begun after this was called.
 */
export async function scrape(url: string): Promise<Scrape> {
  const before = await print(url);
  const text = await waitFor(
    async () => {
      const now = await print(url);
      return now !== before && now;
    },
    { what: 'the metrics to be printed again', everyMs: 50 },
  );
  const families = parseMetrics(text);
  const samples = [...families.values()].flatMap((family) => family.samples);
  return {
    text,
    families,
    value(name, labels = {}) {
      const matching = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      const [only, ...more] = matching;
      if (only !== undefined && more.length === 0) return only.value;
      throw new Error(`${matching.length} samples are ${name} ${JSON.stringify(labels)}.`);
    },
  };
}

/**
 * Reads Prometheus's text format, and is strict about it.
 *
 * @throws Error at a line it cannot read, and at a sample of no family.
 */
export function parseMetrics(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let family: { type: string; help: string; samples: Sample[] } | undefined;
  for (const line of text.split('\n').filter((it) => it !== '')) {
    const [, help, name = '', words = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (help === 'HELP') {
      if (families.has(name)) throw new Error(`${name} comes twice.`);
      family = { type: '', help: words, samples: [] };
      families.set(name, family);
    } else if (help === 'TYPE') {
      if (family === undefined) throw new Error(`No help before ${line}`);
      family.type = words;
    } else {
      family?.samples.push(parseSample(line)) ?? unreadable(line);
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name, inner = '', value] = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
  if (name === undefined || value === undefined) return unreadable(line);
  const labels = [...inner.matchAll(/([a-z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gi)];
  if (labels.map(([all]) => all).join('') !== inner) return unreadable(line);
  return {
    name,
    labels: Object.fromEntries(labels.map(([, label = '', text = '']) => [label, text])),
    value: Number(value.replace('Inf', 'Infinity')),
  };
}

function unreadable(line: string): never {
  throw new Error(`This line of the metrics is not readable: ${line}`);
}
