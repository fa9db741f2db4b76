export { exitCode, runAdmin } from './program.ts';
