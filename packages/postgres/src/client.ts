import pg from 'pg';
import { noteAtConnect } from './errors.ts';

type Connected = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

/** A client that records which errors kept it from connecting, to distinguish them from those of statements. */
export class SessionClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.Client> | undefined {
    if (callback === undefined) {
      return super.connect().catch((error: unknown) => {
        noteAtConnect(error);
        throw error;
      });
    }
    super.connect((error: Error | null, client?: pg.Client) => {
      noteAtConnect(error);
      (callback as (error: Error | null, client?: pg.Client) => void)(error, client);
    });
    return undefined;
  }
}
