import type { MediaType } from './document-types.ts';
import { exampleValues as eg } from './examples.ts';
import type { Routes } from './route.ts';

const kept = { ETag: true, 'Cache-Control': 'public, max-age=300' } as const;
const notKept = { 'Cache-Control': 'no-store' } as const;
const string: MediaType = { schema: { type: 'string' } };
const text = { 'text/plain': string };

/** The pages of documentation, on both hosts. */
export const pageRoutes = {
  getStart: {
    method: 'get',
    path: '/',
    summary: 'Start page',
    description: 'Links to the documentation, the state of the service, and the other host.',
    answers: {
      200: {
        description: 'The links: an HTML page for browsers, plain text for other clients.',
        headers: { ...kept, Vary: 'Accept' },
        content: { ...text, 'text/html': string },
      },
    },
    samples: [['Read', 200]],
  },
  getOpenApi: {
    method: 'get',
    path: '/openapi.json',
    summary: 'Read this document',
    description: 'The same on both hosts.',
    parameters: ['IfNoneMatchDocument'],
    answers: {
      200: {
        description: 'An OpenAPI 3.1 document.',
        headers: kept,
        content: { 'application/json': { schema: { type: 'object', required: ['openapi'] } } },
      },
      304: { description: "The client's copy is current.", headers: kept },
    },
    samples: [
      ['Read', 200],
      ['Only if it has changed', 304, { headers: { 'If-None-Match': eg.documentTag } }],
    ],
  },
  getDocs: {
    method: 'get',
    path: '/docs',
    summary: 'Read this document as a page',
    description: 'For people: it needs no JavaScript.',
    answers: {
      200: { description: 'The page.', headers: kept, content: { 'text/html': string } },
    },
    samples: [['Read', 200]],
  },
  getDocsStyle: { method: 'get', path: '/docs.css', leftOut: 'It is a part of the page.' },
} as const satisfies Routes;

/** The probes for orchestrators, on both hosts and on the worker. */
export const probeRoutes = {
  getHealth: {
    method: 'get',
    path: '/healthz',
    summary: 'See whether the process is alive',
    description: 'For orchestrators.',
    answers: { 200: { description: 'It is alive.', headers: notKept, content: text } },
    samples: [['Ask', 200]],
  },
  getReadiness: {
    method: 'get',
    path: '/readyz',
    summary: 'See whether the process is ready',
    description: 'For orchestrators.',
    answers: {
      200: { description: 'What it depends on works.', headers: notKept, content: text },
      503: {
        description: 'What it depends on, and what is wrong with that.',
        headers: notKept,
        content: text,
      },
    },
    samples: [['Ask', 200]],
  },
} as const satisfies Routes;

/** The metrics for Prometheus, unless they have a port of their own. */
export const metricsRoutes = {
  getMetrics: { method: 'get', path: '/metrics', leftOut: 'It is for Prometheus.' },
} as const satisfies Routes;
