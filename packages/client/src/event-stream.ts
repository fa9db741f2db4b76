/** One event of a `text/event-stream`. */
export interface ServerEvent {
  /** `message` unless the stream says otherwise. */
  readonly type: string;
  readonly data: string;
  /** The id to resume after; undefined when the stream has sent none so far. */
  readonly id: string | undefined;
}

/**
 * Reads an event stream by the HTML standard, except that a CR at the very end of a piece waits for the next one,
 * which may begin with its LF.
 */
export function createEventParser() {
  let rest = '';
  let type = '';
  let data: string[] = [];
  let id: string | undefined;
  let retryMs: number | undefined;

  function takeField(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  }

  function takeEvent(): ServerEvent[] {
    const event = { type: type || 'message', data: data.join('\n'), id };
    const complete = data.length > 0;
    type = '';
    data = [];
    return complete ? [event] : [];
  }

  return {
    /** Takes the next piece of the stream, however it was split, and returns the events it completes. */
    push(text: string): ServerEvent[] {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      return lines.flatMap((line) => {
        if (line === '') return takeEvent();
        takeField(line);
        return [];
      });
    },
    /** How long the stream asks clients to wait before reconnecting, in milliseconds, if it does. */
    get retryMs() {
      return retryMs;
    },
  };
}
