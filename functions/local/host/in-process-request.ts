import { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

export interface InProcessResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a JSON body through an HTTP handler without a socket: Node's own request and response, so
 * that the handler can't tell. The answer's body is dropped.
 */
export async function requestInProcess(
  handler: RequestListener,
  request: { url: string; headers: Readonly<Record<string, string>>; body: string },
): Promise<InProcessResponse> {
  const body = Buffer.from(request.body);
  const incoming = new IncomingMessage(new Socket());
  incoming.method = 'POST';
  incoming.url = request.url;
  incoming.headers = toHeaders(request.headers, body);
  incoming.push(body);
  incoming.push(null);
  // What the HTTP parser says once a body has arrived: by it a body that was read is known as read.
  incoming.complete = true;
  const response = new ServerResponse(incoming);
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  // A response only writes to its socket and listens for its end, which any Writable can do.
  response.assignSocket(discard as Socket);
  const finished = new Promise<void>((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
  handler(incoming, response);
  await finished;
  return { status: response.statusCode, headers: headersOf(response) };
}

function toHeaders(headers: Readonly<Record<string, string>>, body: Buffer): IncomingHttpHeaders {
  const lowered: IncomingHttpHeaders = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': String(body.length),
  };
  for (const [name, value] of Object.entries(headers)) lowered[name.toLowerCase()] = value;
  return lowered;
}

function headersOf(response: ServerResponse): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
}
