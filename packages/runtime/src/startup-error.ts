/** An error that prevents a process from starting. Its message explains it, and is shown without a stack. */
export abstract class StartupError extends Error {
  abstract readonly code: string;
}
