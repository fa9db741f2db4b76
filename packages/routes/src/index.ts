export { createOpenApiDocument } from './document.ts';
export * from './document-types.ts';
export { exampleValues } from './examples.ts';
export type { DocumentedRoute, InternalRoute, Routes } from './route.ts';
export { type RouteTable, routeTable } from './table.ts';
