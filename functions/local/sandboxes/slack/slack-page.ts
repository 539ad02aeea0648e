import { html, raw } from 'hono/html';
import type { SlackChannel, SlackMessage } from './slack-channel.ts';
import type { Block } from './slack-rules.ts';

type Html = ReturnType<typeof html>;

/** The channels as a person sees them; a page that fetches itself anew every two seconds. */
export function toSlackPage(
  channels: readonly SlackChannel[],
  messages: readonly SlackMessage[],
): Html {
  const sections = channels.map((channel) => {
    const own = messages.filter((message) => message.channelId === channel.id);
    const parents = own.filter((message) => message.threadTs === null);
    const empty = html`<p class="empty">No messages yet.</p>`;
    return html`<h1># ${channel.name}</h1>
      ${parents.length === 0 ? empty : parents.map((message) => toMessage(message, own))}`;
  });
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="2" />
        <meta name="viewport" content="width=device-width" />
        <title>Slack sandbox</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>${sections}</main>
      </body>
    </html>`;
}

function toMessage(message: SlackMessage, all: readonly SlackMessage[]): Html {
  const postedAt = new Date(Number(message.ts.split('.')[0]) * 1000);
  const replies = all.filter((other) => other.threadTs === message.ts);
  const edits = message.editCount === 0 ? '' : ` · edits: ${message.editCount}`;
  const content =
    message.blocks.length === 0
      ? html`<p>${toInline(message.text)}</p>`
      : message.blocks.map(toBlock);
  return html`<article>
    <small>Call import <time>${postedAt.toISOString()}</time>${edits}</small>
    ${content} ${replies.map((reply) => toMessage(reply, all))}
  </article>`;
}

function toBlock(block: Block): Html {
  switch (block.type) {
    case 'header':
      return html`<h2>${decode(block.text.text)}</h2>`;
    case 'divider':
      return html`<hr />`;
    case 'context':
      return html`<p class="context">
        ${block.elements.map((element) => html`<span>${toInline(element.text)} </span>`)}
      </p>`;
    case 'section':
      return html`${block.text === undefined ? '' : html`<p>${toInline(block.text.text)}</p>`}
      ${
        block.fields === undefined
          ? ''
          : html`<ul>
              ${block.fields.map((field) => html`<li>${toInline(field.text)}</li>`)}
            </ul>`
      }`;
  }
}

/**
 * Slack's own formatting: `<…>` is a link, a date or a ping; every other `<` came escaped. What
 * would ping somebody is marked, since our messages never should.
 */
function toInline(text: string): readonly (Html | string)[] {
  return text.split(/(<[^<>]*>|\*[^*\n]+\*|`[^`\n]+`|\n)/).map((part) => {
    if (part === '\n') return html`<br />`;
    if (/^\*.+\*$/.test(part)) return html`<b>${decode(part.slice(1, -1))}</b>`;
    if (/^`.+`$/.test(part)) return html`<code>${decode(part.slice(1, -1))}</code>`;
    if (!/^<.*>$/.test(part)) return decode(part);
    const [target = '', label] = part.slice(1, -1).split('|');
    if (target.startsWith('!date^')) return decode(label ?? target);
    if (/^[!@#]/.test(target)) return html`<mark>PING ${decode(label ?? target)}</mark>`;
    if (!/^https?:\/\//.test(target)) return decode(part);
    return html`<a href="${decode(target)}" rel="noreferrer">${decode(label ?? target)}</a>`;
  });
}

function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

const style = `
body { font: 15px/1.45 system-ui, sans-serif; color: #1d1c1d; background: #fff; margin: 0 }
main { max-width: 46rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.1rem; border-bottom: 1px solid #ddd; padding-bottom: .5rem }
h2 { font-size: 1.05rem; margin: .4rem 0 } p { margin: .4rem 0; overflow-wrap: anywhere }
article { border-left: 3px solid #ddd; padding: .2rem 0 .4rem .8rem; margin: 1rem 0 }
ul { display: grid; grid-template-columns: 1fr 1fr; list-style: none; padding: 0; margin: .4rem 0 }
small, .context, .empty { color: #616061; font-size: .85rem } mark { background: #f4c7c3 }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 0 .2rem }
@media (prefers-color-scheme: dark) {
  body { color: #d1d2d3; background: #1a1d21 } h1, article, code { border-color: #444 }
  code { background: #222 } a { color: #1d9bd1 } small, .context, .empty { color: #ababad }
}`;
