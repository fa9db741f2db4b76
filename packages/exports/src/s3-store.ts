import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { remembering } from './remembering.ts';
import { upload } from './s3-upload.ts';
import {
  type ExportStore,
  jobOfObject,
  ObjectMissing,
  type StoredObject,
  StoreUnavailable,
} from './store.ts';

export interface S3Place {
  readonly bucket: string;
  /** What the keys begin with: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Whether the bucket is in the path of addresses, and not in their host. */
  readonly pathStyle: boolean;
}

/** How long a signed address works, in seconds. */
const signedSeconds = 300;

/**
 * A store at an S3-compatible service. Endpoint, region and credentials come from the SDK's own settings and chain.
 * Checksums that only newer services know are left out.
 */
export function openS3Store({ bucket, prefix, pathStyle }: S3Place): ExportStore {
  const client = new S3Client({
    forcePathStyle: pathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const place = `s3://${bucket}/${prefix}`;
  const at = (object: string) => ({ Bucket: bucket, Key: prefix + object });

  async function failing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new StoreUnavailable(place, doing, error);
    }
  }

  const named = (key: string | undefined): { jobId: string; object: string } | undefined => {
    const object = key?.slice(prefix.length) ?? '';
    const jobId = jobOfObject(object);
    return jobId === undefined ? undefined : { jobId, object };
  };

  async function* listObjects(): AsyncGenerator<StoredObject> {
    for await (const page of paginateListObjectsV2(
      { client },
      { Bucket: bucket, Prefix: prefix },
    )) {
      for (const { Key } of page.Contents ?? []) {
        const it = named(Key);
        if (it !== undefined) yield it;
      }
    }
  }

  async function* listUploads(): AsyncGenerator<StoredObject> {
    let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (after !== undefined) {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(after);
      for (const { Key, UploadId } of page.Uploads ?? []) {
        const it = named(Key);
        if (it !== undefined && UploadId !== undefined) yield { ...it, unfinished: UploadId };
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      after =
        page.IsTruncated && KeyMarker && UploadIdMarker ? { KeyMarker, UploadIdMarker } : undefined;
    }
  }

  const listPage = (after: { KeyMarker?: string; UploadIdMarker?: string }) =>
    client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }));

  return {
    place,
    async write(object, content, signal) {
      const source = remembering(content);
      try {
        signal.throwIfAborted();
        await upload(client, at(object), source.content, signal);
      } catch (error) {
        signal.throwIfAborted();
        source.throwIfFailed();
        throw new StoreUnavailable(place, 'written', error);
      }
    },
    read: async (object, { start, end }) => {
      try {
        const command = new GetObjectCommand({ ...at(object), Range: `bytes=${start}-${end}` });
        const { Body } = await client.send(command);
        return Body as Readable;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') throw new ObjectMissing(object);
        throw new StoreUnavailable(place, 'read', error);
      }
    },
    sign: (object, { contentType, contentDisposition }) =>
      failing('used', () => {
        const command = new GetObjectCommand({
          ...at(object),
          ResponseContentType: contentType,
          ResponseContentDisposition: contentDisposition,
        });
        return getSignedUrl(client, command, { expiresIn: signedSeconds });
      }),
    async *list() {
      try {
        yield* listObjects();
        // Not every service has it; one that has not keeps no uploads that can be listed.
        yield* unlessNotImplemented(listUploads());
      } catch (error) {
        throw new StoreUnavailable(place, 'listed', error);
      }
    },
    remove: ({ object, unfinished }) =>
      failing('changed', async () => {
        if (unfinished === undefined) await client.send(new DeleteObjectCommand(at(object)));
        else await abandon(object, unfinished);
      }),
    check: () =>
      failing('written', async () => {
        const probe = at(`.probe-${process.pid}`);
        const Body = 'A worker writes this to find out whether it can.\n';
        await client.send(new PutObjectCommand({ ...probe, Body }));
        await client.send(new DeleteObjectCommand(probe));
      }),
    close: () => client.destroy(),
  };

  async function abandon(object: string, UploadId: string): Promise<void> {
    try {
      await client.send(new AbortMultipartUploadCommand({ ...at(object), UploadId }));
    } catch (error) {
      if (!(error instanceof Error && error.name === 'NoSuchUpload')) throw error;
    }
  }
}

async function* unlessNotImplemented<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof Error && error.name === 'NotImplemented')) throw error;
  }
}
