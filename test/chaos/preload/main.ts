// Loaded into a service with NODE_OPTIONS=--import, before its own code. It makes the service stop at
// named points and its clock adjustable, without a hook in the product: it wraps what the product
// calls, the node-postgres client and BullMQ's classes.
import { preloadSettings } from '../env.ts';
import { installClock } from './clock.ts';
import { connectControl } from './control.ts';
import { watchPostgres } from './postgres.ts';
import { watchQueue } from './queue.ts';
import { createWhereabouts } from './whereabouts.ts';

const settings = preloadSettings();
const clock = installClock(settings.skewMs);
const whereabouts = createWhereabouts();
const control = await connectControl(settings, clock.skew);
watchPostgres(control, whereabouts);
// The status service has no queue, and loading BullMQ takes it half a second.
if (!settings.service.startsWith('status')) await watchQueue(control, whereabouts);
