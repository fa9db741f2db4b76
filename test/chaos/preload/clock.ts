/** Makes the process's wall clock adjustable. Timers and the monotonic clock stay what they are. */
export function installClock(initialMs: number): { skew(ms: number): void } {
  const RealDate = Date;
  const realNow = Date.now.bind(Date);
  let offset = initialMs;
  const now = (): number => realNow() + offset;
  // A proxy and not a subclass: `Date()` stays callable and every date stays an instance of it.
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, parts, newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [now()] : parts, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  });
  return {
    skew(ms) {
      offset = ms;
    },
  };
}
