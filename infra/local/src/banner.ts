import type { StackAddresses } from './bring-up.ts';

/** What `npm start` prints when everything is up: addresses, the demo key, and commands to paste. */
export function banner(stack: StackAddresses): string {
  const key = stack.demoKey.replaceAll("'", `'\\''`);
  return `
Kasabi Jobs is up.

  API         ${stack.apiUrl}
  Status      ${stack.statusUrl}
${stack.workers.map(({ url, pid }) => `  Worker      ${url}/readyz, pid ${pid}`).join('\n')}
  Postgres    ${stack.databaseUrl}
  Redis       ${stack.redisUrl}
  Data        ${stack.dataDir}
  Logs        ${stack.logDir}
  Demo key    ${stack.demoKey}
  Operations  ${stack.operationsUrl}/ops, password ${stack.operatorPassword}

Reset the demo dataset "schema":

curl -i -X POST -H 'X_KASABI_APIKEY: ${key}' -d jobType=reset ${stack.apiUrl}/dataset/schema/jobs

Watch the job at the address in the answer:

curl -H 'X_KASABI_APIKEY: ${key}' LOCATION

The operator's command line: npm run admin -- --help
A process that dies is started again. Ctrl-C stops everything and keeps the data.
`;
}
