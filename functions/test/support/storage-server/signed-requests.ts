import { createHash, createVerify, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectTable } from './object-table.ts';
import { sendObject } from './responses.ts';

interface SignedExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly objects: ObjectTable;
  readonly bucketName: string;
  readonly signer: { readonly email: string; readonly publicKey: string };
  readonly now: () => Date;
}

/** Serves the XML API to a holder of a V4 signed link. */
export async function answerSignedRequest(exchange: SignedExchange): Promise<void> {
  const { request, response, url, objects } = exchange;
  const problem = problemOf(exchange);
  const prefix = `/${exchange.bucketName}/`;
  const key = decodeURIComponent(url.pathname).slice(prefix.length);
  if (problem !== null || !url.pathname.startsWith(prefix)) {
    request.resume();
    return sendXml(response, problem?.status ?? 404, problem?.code ?? 'NoSuchBucket');
  }
  if (request.method === 'PUT') return store(exchange, key);
  const object = objects.find(key);
  if (!object) return sendXml(response, 404, 'NoSuchKey');
  const disposition = url.searchParams.get('response-content-disposition');
  if (disposition) response.setHeader('content-disposition', disposition);
  sendObject({ request, response, object });
}

async function store(exchange: SignedExchange, key: string): Promise<void> {
  const { request, response, objects } = exchange;
  const range = /^0,(\d+)$/.exec(String(request.headers['x-goog-content-length-range'] ?? ''));
  const draft = objects.begin(randomBytes(8).toString('hex'));
  for await (const chunk of request) draft.append(Buffer.from(chunk));
  if (range && draft.sizeBytes() > Number(range[1])) {
    draft.drop();
    return sendXml(response, 400, 'EntityTooLarge');
  }
  draft.commit(key, request.headers['content-type'] ?? 'application/octet-stream');
  response.writeHead(200).end();
}

/** @see https://cloud.google.com/storage/docs/authentication/canonical-requests */
function problemOf(exchange: SignedExchange): { status: number; code: string } | null {
  const { request, url, signer } = exchange;
  const signature = url.searchParams.get('X-Goog-Signature');
  const credential = url.searchParams.get('X-Goog-Credential') ?? '';
  const date = url.searchParams.get('X-Goog-Date') ?? '';
  if (signature === null || !credential.startsWith(`${signer.email}/`))
    return { status: 403, code: 'AccessDenied' };
  const signedHeaders = (url.searchParams.get('X-Goog-SignedHeaders') ?? '').split(';');
  const canonicalHeaders = signedHeaders.map((name) => {
    // The client signs the host without its port.
    const value = name === 'host' ? request.headers.host?.split(':')[0] : request.headers[name];
    return `${name}:${String(value ?? '').trim()}\n`;
  });
  const canonicalRequest = [
    request.method,
    url.pathname,
    canonicalQuery(url),
    canonicalHeaders.join(''),
    signedHeaders.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = credential.slice(signer.email.length + 1);
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const isGenuine = createVerify('RSA-SHA256')
    .update(['GOOG4-RSA-SHA256', date, scope, hash].join('\n'))
    .verify(signer.publicKey, signature, 'hex');
  if (!isGenuine) return { status: 403, code: 'SignatureDoesNotMatch' };
  const lifetimeMs = Number(url.searchParams.get('X-Goog-Expires')) * 1000;
  if (exchange.now().getTime() > parseDate(date) + lifetimeMs)
    return { status: 400, code: 'ExpiredToken' };
  return null;
}

function canonicalQuery(url: URL): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return [...url.searchParams]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

/** `20260105T220000Z` */
function parseDate(text: string): number {
  return Date.parse(
    text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
}

function sendXml(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml; charset=UTF-8' });
  response.end(`<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code></Error>`);
}
