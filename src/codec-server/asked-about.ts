import type { IncomingMessage } from 'node:http';

/** What a request tells of itself. The caller says it, and nobody can check it: the audit log says so. */
export type AskedAbout = {
  namespace?: string;
  workflowId?: string;
  runId?: string;
  reason?: string;
};

const MAX_LENGTH = 500;

/** From the path or header, and from the page of the Web UI that asks: /namespaces/N/workflows/W/R/… */
export function askedAbout(request: IncomingMessage, uiOrigin: string | undefined): AskedAbout {
  const header = (name: string) => clean(request.headers[name]);
  const page = uiPage(request.headers.referer, uiOrigin);
  const path = /^\/([^/]+)\/\w+$/.exec(request.url ?? '')?.[1];
  const namespace = header('x-namespace') ?? (path && decoded(path)) ?? page.namespace;
  const workflowId = header('x-workflow-id') ?? page.workflowId;
  const runId = header('x-run-id') ?? page.runId;
  const reason = header('x-reason');
  return {
    ...(namespace && { namespace }),
    ...(workflowId && { workflowId }),
    ...(runId && { runId }),
    ...(reason && { reason }),
  };
}

function uiPage(referer: string | undefined, uiOrigin: string | undefined): AskedAbout {
  if (referer === undefined || !URL.canParse(referer)) return {};
  const { origin, pathname } = new URL(referer);
  if (origin !== uiOrigin) return {};
  const [, namespace, workflowId, runId] =
    /\/namespaces\/([^/]+)(?:\/workflows\/([^/]+)(?:\/([^/]+))?)?/.exec(pathname) ?? [];
  return {
    ...(namespace && { namespace: decoded(namespace) }),
    ...(workflowId && { workflowId: decoded(workflowId) }),
    ...(runId && { runId: decoded(runId) }),
  } as AskedAbout;
}

function decoded(part: string): string | undefined {
  try {
    return clean(decodeURIComponent(part));
  } catch {
    return undefined;
  }
}

/** Without control characters, of a length that an audit record can take. */
function clean(value: string | string[] | undefined): string | undefined {
  const text = value?.toString().replace(/\p{Cc}/gu, '');
  return text?.trim().slice(0, MAX_LENGTH) || undefined;
}
