import { tolerateClosedPipes } from './output.ts';
import { runAdmin } from './program.ts';

tolerateClosedPipes();
// Not process.exit(), which would cut off what a pipe has not taken yet.
process.exitCode = await runAdmin(process.argv.slice(2));
