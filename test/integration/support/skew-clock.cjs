// Loaded before a process's program: its clock is SKEW_MS milliseconds off. Timers are not.
// biome-ignore lint/style/noProcessEnv: it runs before any program that could read it.
const skew = Number(process.env.SKEW_MS);
const { now } = Date;
Date.now = () => now() + skew;
globalThis.Date = class extends Date {
  constructor(...args) {
    if (args.length === 0) super(Date.now());
    else super(...args);
  }
};
