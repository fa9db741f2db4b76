// Metrics whose children are created beforehand for all values of their labels: looking one up at each event costs more
// than counting it, and an alert on an increase needs the zero before the first event.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** An object with a value for each of these names. */
export function mapNames<Name extends string, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}

/** Functions that create the metrics of a registry. All counters and histograms begin with 0. */
export function metricsOf(registry: Registry) {
  const registers = [registry];

  /** A function that creates the children of a counter. */
  function counterBy<Label extends string>(name: string, help: string, labelNames: Label[]) {
    const counter = new Counter({ name, help, labelNames, registers });
    return (labels: Record<Label, string>): Counter.Internal => {
      const child = counter.labels(labels);
      child.inc(0);
      return child;
    };
  }

  /** A function that creates the children of a histogram; `buckets` are its upper bounds. */
  function histogramBy<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[],
  ) {
    const histogram = new Histogram({ name, help, buckets, labelNames, registers });
    return (labels: Record<Label, string>): Histogram.Internal<Label> => {
      histogram.zero(labels);
      return histogram.labels(labels);
    };
  }

  return {
    counterBy,
    histogramBy,
    counter: (name: string, help: string) => counterBy(name, help, [])({}),
    /** A counter for each value of one label. */
    counters<Value extends string>(
      name: string,
      help: string,
      label: string,
      values: readonly Value[],
    ) {
      const child = counterBy(name, help, [label]);
      return mapNames(values, (value) => child({ [label]: value }));
    },
    /** A gauge that is read at each scrape. */
    gauge: (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      }),
  };
}
