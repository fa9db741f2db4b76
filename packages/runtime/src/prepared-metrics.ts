// Children of metrics, created beforehand for all values of their labels: looking one up at each event costs more than
// counting it, and an alert on an increase needs the zero before the first event.
import { Counter, Histogram, type Registry } from 'prom-client';

/** An object with a value for each of these names. */
export function mapNames<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}

/** The name and the help text of a metric. */
export interface MetricText {
  readonly name: string;
  readonly help: string;
}

/** Creates a counter; returns a function that creates its children, which begin with 0. */
export function prepareCounter<Label extends string>(
  registry: Registry,
  text: MetricText,
  labelNames: readonly Label[],
): (labels: Record<Label, string>) => Counter.Internal {
  const counter = new Counter({ ...text, labelNames, registers: [registry] });
  return (labels) => {
    const child = counter.labels(labels);
    child.inc(0);
    return child;
  };
}

/** Creates a histogram; returns a function that creates its children, which begin with 0. */
export function prepareHistogram<Label extends string>(
  registry: Registry,
  text: MetricText & { readonly buckets: number[] },
  labelNames: readonly Label[],
): (labels: Record<Label, string>) => Histogram.Internal<Label> {
  const histogram = new Histogram({ ...text, labelNames, registers: [registry] });
  return (labels) => {
    histogram.zero(labels);
    return histogram.labels(labels);
  };
}
