/** What keeps a process from starting and is explained by its message, which is shown without a stack. */
export abstract class StartupError extends Error {
  abstract readonly code: string;
}
