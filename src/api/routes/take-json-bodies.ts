import { type ApiProblem, wrongField } from '../api-problem.ts';
import type { ApiServer } from '../api-server.ts';

/** In valid JSON, a string before a colon is a name. */
const STRING = /("(?:[^"\\]|\\.)*")\s*(:?)/g;

/** Refuses a name that is given twice: readers of JSON differ in which of the values counts. */
export function takeJsonBodies(app: ApiServer): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    void parse(request, String(body), (error, value) => {
      done(error ?? repeatedName(String(body)) ?? null, value);
    });
  });
}

/** Objects of the routes have no objects in them. */
function repeatedName(json: string): ApiProblem | undefined {
  const names = new Set<string>();
  for (const [, text = '', colon] of json.matchAll(STRING)) {
    if (!colon) continue;
    const name: string = JSON.parse(text);
    if (names.has(name)) return wrongField(name, 'is given more than once');
    names.add(name);
  }
  return undefined;
}
