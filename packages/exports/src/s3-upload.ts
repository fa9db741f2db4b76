import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** The size of a part, in bytes. An upload has 10,000 parts at most, so a file can have 80 GB. */
const partSize = 8 * 1024 ** 2;

/** How many parts are on their way at a time: with the one that is being filled, that bounds the memory. */
const partsAtATime = 3;

/** The bucket and the key of an object. */
export interface S3Address {
  readonly Bucket: string;
  readonly Key: string;
}

/**
 * Writes an object: at once if it is small, otherwise in parts. When this rejects, there is no object, and the service has
 * been asked to drop the parts.
 */
export async function upload(
  client: S3Client,
  at: S3Address,
  content: AsyncIterable<Uint8Array>,
  abortSignal: AbortSignal,
): Promise<void> {
  const parts = partsOf(content);
  const first = await parts.next();
  const Body = first.done ? Buffer.alloc(0) : first.value;
  if (Body.length < partSize) {
    await client.send(new PutObjectCommand({ ...at, Body }), { abortSignal });
    return;
  }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at), { abortSignal });
  const of = { ...at, UploadId };
  try {
    const Parts = await sendParts(client, of, Body, parts, abortSignal);
    const command = new CompleteMultipartUploadCommand({ ...of, MultipartUpload: { Parts } });
    await client.send(command, { abortSignal });
  } catch (error) {
    // What is left if this fails as well is the sweeper's.
    await client.send(new AbortMultipartUploadCommand(of)).catch(() => undefined);
    throw error;
  } finally {
    await parts.return(undefined);
  }
}

async function sendParts(
  client: S3Client,
  of: S3Address & { readonly UploadId: string | undefined },
  first: Buffer,
  rest: AsyncIterable<Buffer>,
  abortSignal: AbortSignal,
): Promise<CompletedPart[]> {
  const sent: CompletedPart[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const send = async (Body: Buffer): Promise<void> => {
    const PartNumber = sent.push({});
    const part = client
      .send(new UploadPartCommand({ ...of, PartNumber, Body }), { abortSignal })
      .then(({ ETag }) => {
        sent[PartNumber - 1] = { PartNumber, ETag };
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => underWay.delete(part));
    underWay.add(part);
    if (underWay.size >= partsAtATime) await Promise.race(underWay);
    if (failure !== undefined) throw failure.error;
  };
  try {
    await send(first);
    for await (const part of rest) await send(part);
  } finally {
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
  return sent;
}

/** Content in parts of the same size, but for the last. */
async function* partsOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let gathered: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length; ) {
      const piece = chunk.subarray(from, from + partSize - size);
      gathered.push(piece);
      from += piece.length;
      size += piece.length;
      if (size < partSize) continue;
      yield Buffer.concat(gathered);
      [gathered, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(gathered);
}
