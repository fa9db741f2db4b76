import { exampleValues as eg, withKey } from './examples.ts';
import type { Routes } from './route.ts';

const content = {
  'application/gzip': { schema: { type: 'string', format: 'binary' } },
  'application/n-quads': { schema: { type: 'string', format: 'binary' } },
} as const;
const headers = { ETag: true, 'Cache-Control': 'private, no-cache', 'Repr-Digest': true } as const;
const ofFile = {
  ...headers,
  'Accept-Ranges': 'bytes',
  'Content-Disposition': true,
} as const;

/** The routes for the files that jobs have made, on the status host. */
export const exportRoutes = {
  downloadExport: {
    method: 'get',
    path: '/data/{short-code}/exports/{export}',
    summary: 'Download an export',
    description:
      'The file that an export has made: its address is in the `result` of the job. A download that broke off goes on with `Range` and `If-Range`. The file is kept for 7 days, unless the operators have set another time.',
    needsKey: true,
    parameters: ['Range', 'IfRange', 'IfNoneMatchExport'],
    answers: {
      200: { description: 'The file.', headers: ofFile, content },
      206: {
        description: 'The part of the file that `Range` asked for.',
        headers: { ...ofFile, 'Content-Range': true },
        content,
      },
      304: { description: "The client's copy is current.", headers },
      307: {
        description:
          'The file is at `Location`, for some minutes: where the operators let clients load it from the store itself.',
        headers: { ...headers, 'Cache-Control': 'no-store', Location: true },
      },
    },
    errors: ['gone', 'range-not-satisfiable'],
    samples: [
      ['Download', 200, { headers: withKey }],
      ['Its end', 206, { headers: { ...withKey, Range: 'bytes=-100' } }],
      ['Only if it has changed', 304, { headers: { ...withKey, 'If-None-Match': eg.exportTag } }],
    ],
  },
} as const satisfies Routes;
