import type { HostedFunction } from './endpoint.ts';
import type { FunctionHost } from './function-host.ts';
import type { HostingRewrite } from './hosting-rewrites.ts';

/** What is served, for somebody who opens the server's address in a browser. */
export function toFrontPage(served: {
  host: FunctionHost;
  rewrites: readonly HostingRewrite[];
  mounts: readonly { readonly path: string; readonly title?: string }[];
}): string {
  const { host, rewrites, mounts } = served;
  const rows = [
    ...rewrites.map(({ source, functionName }) => [source, `function ${functionName}`]),
    ...mounts.map(({ path, title }) => [path, title ?? 'mounted']),
    ...host.functions.map((hosted) => [host.pathOf(hosted), describeTrigger(hosted)]),
  ];
  const cells = rows.map(
    ([path = '', what = '']) =>
      `<tr><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(what)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Call import engine, on this machine</title>
<style>body{font:16px system-ui;margin:3rem}td{padding:.3rem 1.5rem .3rem 0}</style>
<h1>Call import engine, on this machine</h1>
<table>${cells.join('\n')}</table>
</html>
`;
}

function describeTrigger({ trigger }: HostedFunction): string {
  switch (trigger.kind) {
    case 'http':
      return trigger.isPrivate ? 'HTTP, private' : 'HTTP';
    case 'task':
      return 'task queue';
    case 'document':
      return `when ${trigger.route} is ${trigger.on}`;
    case 'schedule':
      return `${trigger.schedule}, ${trigger.timeZone}`;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
