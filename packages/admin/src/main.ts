import { tolerateClosedPipes } from './output.ts';
import { runAdmin } from './program.ts';

tolerateClosedPipes();
// Not process.exit(), which would cut off output that a pipe has not accepted yet.
process.exitCode = await runAdmin(process.argv.slice(2));
