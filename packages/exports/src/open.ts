import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openFileStore } from './file-store.ts';
import type { ExportStore } from './store.ts';

const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** What is wrong with a URL of a store; undefined if nothing is. */
function problemOf(value: string): string | undefined {
  const url = URL.parse(value);
  if (url?.protocol === 'file:') {
    return url.host === '' && url.pathname.length > 1 && url.search + url.hash === ''
      ? undefined
      : 'must name a folder with three slashes, such as file:///var/lib/kasabi/exports';
  }
  if (url?.protocol !== 's3:') return 'must be a URL that begins with file:/// or s3://';
  if (url.username + url.password !== '') {
    return "must not contain credentials; they come from the AWS SDK's own settings, such as AWS_ACCESS_KEY_ID";
  }
  if (!bucketPattern.test(url.host)) return 'must name a bucket, such as s3://bucket/prefix';
  return /^(\?path-style=(true|false))?$/.test(url.search) && url.hash === ''
    ? undefined
    : 'may have path-style=true as its only parameter';
}

/** The setting that says where the files of exports are. */
export const exportStoreUrl = () =>
  z
    .string({ error: 'must be a URL that begins with file:/// or s3://' })
    .superRefine((value, context) => {
      const problem = problemOf(value);
      if (problem !== undefined) context.addIssue(problem);
    });

/** Opens a store by its URL, of which `exportStoreUrl` has found nothing wrong. */
export async function openStore(value: string): Promise<ExportStore> {
  const url = new URL(value);
  if (url.protocol === 'file:') return openFileStore(fileURLToPath(url));
  // Loading the SDK takes 20 MB.
  const { openS3Store } = await import('./s3-store.ts');
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  return openS3Store({
    bucket: url.host,
    prefix: prefix === '' ? '' : `${decodeURIComponent(prefix)}/`,
    pathStyle: url.searchParams.get('path-style') === 'true',
  });
}
