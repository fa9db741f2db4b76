import { SpanKind } from '@opentelemetry/api';
import {
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';

/**
 * Samples a share of all traces by their ids, so that every service makes the same decision and no client can
 * have more of its requests traced. A trace begins with a request, or with a batch that links to some; what
 * background loops and the queue library do by themselves is not traced.
 */
export function createSampler(ratio: number): Sampler {
  const share = new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample(parent, traceId, _name, kind, _attributes, links) {
      if (kind !== SpanKind.SERVER && links.length === 0) {
        return { decision: SamplingDecision.NOT_RECORD };
      }
      return share.shouldSample(parent, traceId);
    },
    toString: () => `requests and linked batches, ${share.toString()}`,
  };
  return new ParentBasedSampler({ root, remoteParentSampled: share });
}
