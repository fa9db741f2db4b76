import type { DocumentUrls } from './document-types.ts';

/** Placeholders in the table for the addresses of a deployment. */
export const apiUrl = '{apiUrl}';
export const statusUrl = '{statusUrl}';

/** The same document with the addresses of a deployment, in its keys as well. */
export function withAddresses<T>(document: T, urls: DocumentUrls): T {
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  const text = JSON.stringify(document)
    .replaceAll(apiUrl, () => inJson(urls.apiUrl))
    .replaceAll(statusUrl, () => inJson(urls.statusUrl));
  return JSON.parse(text) as T;
}
