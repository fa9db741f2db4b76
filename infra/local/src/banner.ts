import type { StackAddresses } from './bring-up.ts';

/** What `npm start` prints when everything is up: where it is, the demo key, a command to paste. */
export function banner(stack: StackAddresses): string {
  const key = stack.demoKey.replaceAll("'", `'\\''`);
  return `
Kasabi Jobs is up.

  API         ${stack.apiUrl}
  Status      ${stack.statusUrl}
  Worker      ${stack.workerUrls.map((url) => `${url}/readyz`).join(' ')}
  Postgres    ${stack.databaseUrl}
  Redis       ${stack.redisUrl}
  Data        ${stack.dataDir}
  Logs        ${stack.logDir}
  Demo key    ${stack.demoKey}
  Operations  ${stack.statusUrl}/ops, password ${stack.operatorPassword}

Reset the demo dataset "schema":

curl -i -X POST -H 'X_KASABI_APIKEY: ${key}' -d jobType=reset ${stack.apiUrl}/dataset/schema/jobs

Watch the job, at the address that this answers with:

curl -H 'X_KASABI_APIKEY: ${key}' LOCATION

The operator's command line: npm run admin -- --help
Ctrl-C stops everything; the data stays.
`;
}
