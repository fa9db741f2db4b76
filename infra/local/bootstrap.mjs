// Runs for `npm start`, `npm run admin` and `npm test`. Plain JavaScript without dependencies, because it has to run
// before anything is installed or built.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { takeTurn } from './take-turn.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [mode = '', ...args] = process.argv.slice(2);
// biome-ignore lint/style/noProcessEnv: it runs before there is a package whose env.ts could read it.
const env = process.env;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The npm package with production's Node.js for this machine, if there is one. */
const nodePackage = `node_modules/node-${process.platform}-${process.arch}`;

/** The current child process, if any. It gets the signals that this process gets. */
let child;
let stoppedBy;

function say(line) {
  // Standard output of the operator's command line is reserved for its result.
  (mode === 'admin' ? process.stderr : process.stdout).write(`${line}\n`);
}

function onSignal(signal) {
  stoppedBy ??= signal;
  if (child === undefined) process.exit(128 + constants.signals[signal]);
  kill(signal);
  if (mode !== 'test') setTimeout(() => kill('SIGKILL'), 5_000).unref();
}

function kill(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

/** Runs a command in a process group of its own, so that it can be ended together with its children. */
async function run(command, commandArgs, stdout) {
  child = spawn(command, commandArgs, { cwd: root, detached: true, stdio: ['ignore', stdout, 2] });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  if (stoppedBy !== undefined && mode !== 'test') kill('SIGKILL');
  child = undefined;
  if (stoppedBy !== undefined && mode !== 'test') {
    process.exit(128 + constants.signals[stoppedBy]);
  }
  return code;
}

async function step(what, command, commandArgs) {
  const code = await run(command, commandArgs, mode === 'admin' ? 2 : 1);
  if (code === 0) return;
  process.stderr.write(`${what} failed, see above.\n`);
  process.exit(code);
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** Whether node_modules contains what package-lock.json says. */
function isInstalled() {
  const [lock, installed] = ['package-lock.json', 'node_modules/.package-lock.json'];
  if (!existsSync(path.join(root, installed))) return false;
  const changed = (file) => statSync(path.join(root, file)).mtimeMs;
  if (changed(installed) >= changed(lock)) return true;
  // A checkout may change the time of the file but not its content.
  const have = readJson(installed).packages;
  return Object.entries(readJson(lock).packages).every(
    ([name, entry]) =>
      name === '' ||
      (entry.optional && name !== nodePackage) ||
      !name.startsWith('node_modules/') ||
      (entry.link
        ? existsSync(path.join(root, name))
        : have[name]?.version === entry.version && have[name]?.integrity === entry.integrity),
  );
}

async function install() {
  if (isInstalled()) return;
  say('Installing packages (npm ci)');
  const npm = env['npm_execpath'];
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm?.endsWith('npm-cli.js')) await step('npm ci', process.execPath, [npm, ...options]);
  else await step('npm ci', 'npm', options);
}

/**
 * The program of production's Node.js, from its npm package, so that the tested version is the deployed one, whatever
 * the machine has. Undefined if this process already runs on it, and on platforms without such a package.
 */
function productionNode() {
  const manifest = `${nodePackage}/package.json`;
  if (!existsSync(path.join(root, manifest))) return undefined;
  if (`v${readJson(manifest).version}` === process.version) return undefined;
  return path.join(root, nodePackage, 'bin/node');
}

/** Does the rest in another Node.js, and exits with its exit code. Never returns. */
async function continueOn(node) {
  child = spawn(node, [fileURLToPath(import.meta.url), mode, ...args], { stdio: 'inherit' });
  for (const signal of signals) {
    process.off(signal, onSignal);
    // Ctrl-C in a terminal reaches both processes. Passing it on would be a second one, which means "at once".
    const byTerminal = signal === 'SIGINT' && process.stdin.isTTY;
    process.on(signal, byTerminal ? () => undefined : () => child.kill(signal));
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
  process.exit(code);
}

/** Builds the programs; `tsc -b` itself detects what has changed. */
async function build() {
  const projects = [
    'infra/local',
    'packages/admin',
    'services/api',
    'services/operations',
    'services/status',
    'services/worker',
  ];
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  await step('The build (tsc -b)', process.execPath, [tsc, '-b', ...projects]);
}

if (!['start', 'admin', 'test'].includes(mode)) {
  process.stderr.write('Usage: node infra/local/bootstrap.mjs start|admin|test [arguments]\n');
  process.exit(2);
}
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`This project needs Node.js 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
for (const signal of signals) process.on(signal, onSignal);
const turn = await takeTurn(root, () => {
  say('Waiting for another npm start, admin or test to finish building');
});
await install();
const production = productionNode();
if (production !== undefined) {
  turn();
  await continueOn(production);
}
if (mode !== 'test') await build();
turn();

if (mode === 'test') {
  const runner = ['--conditions=kasabi-source', 'test/run.ts', ...args];
  process.exit(await run(process.execPath, runner, 1));
}
// From here on everything runs in this process, so that signals reach the program itself.
const { start } = mode === 'start' ? await import('./dist/start.js') : {};
for (const signal of signals) process.off(signal, onSignal);
if (start !== undefined) await start();
else {
  const { adoptLocalDatabase } = await import('./dist/stack-state.js');
  const advice = adoptLocalDatabase();
  const asksForHelp = args.length === 0 || args.some((it) => ['--help', '-h', 'help'].includes(it));
  if (advice !== undefined && !asksForHelp) {
    process.stderr.write(`${advice}\n`);
    process.exit(1);
  }
  const program = path.join(root, 'packages/admin/dist/main.js');
  process.argv = [process.execPath, program, ...args];
  await import(pathToFileURL(program).href);
}
