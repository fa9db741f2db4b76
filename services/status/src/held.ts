import { createCounts, subjectOf } from '@kasabi/http';
import { Overloaded, TooManyHeld } from '@kasabi/protocol';
import type { Request } from 'express';
import type { Settings } from './env.ts';
import type { FoundJob } from './read-job.ts';

/** The most requests that may be held at a time; 0 means no limit. */
export type HeldLimits = Pick<Settings, 'MAX_HELD' | 'MAX_HELD_PER_KEY' | 'MAX_HELD_PER_ADDRESS'>;

/** Counts this process's held requests, whose answers wait for a change: `Prefer: wait` and streams of events. */
export function createHeld(limits: HeldLimits) {
  const { MAX_HELD: inAll, MAX_HELD_PER_KEY: perKey, MAX_HELD_PER_ADDRESS: perAddress } = limits;
  const counts = createCounts();
  let all = 0;
  const isFull = (subject: string, most: number): boolean => most > 0 && counts.of(subject) >= most;

  return {
    /**
     * Counts a request as held until what it returns is called, once.
     *
     * @throws TooManyHeld if its key or its address has too many.
     * @throws Overloaded if the process has too many.
     */
    hold(request: Request, { access }: FoundJob): () => void {
      const key = `key ${access.keyDigest.toString('base64url')}`;
      const address = `address ${subjectOf(request.address)}`;
      if (isFull(key, perKey)) throw new TooManyHeld('API key', perKey);
      if (isFull(address, perAddress)) throw new TooManyHeld('address', perAddress);
      if (inAll > 0 && all >= inAll) throw new Overloaded();
      all += 1;
      for (const subject of [key, address]) counts.change(subject, 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        all -= 1;
        for (const subject of [key, address]) counts.change(subject, -1);
      };
    },
  };
}

export type Held = ReturnType<typeof createHeld>;
