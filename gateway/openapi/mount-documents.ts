import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal, refuse } from '@sallyport/http';
import type { Express, RequestHandler } from 'express';
import { createAsyncApi } from '../asyncapi/create-asyncapi.ts';
import { problems } from '../problems.ts';
import { routes } from '../routes/index.ts';
import { createOpenApi } from './create-openapi.ts';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sallyport: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null, supportedSubmitMethods: [],
});
`;

const pageFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

export const documentPaths = [
  '/openapi.json',
  '/asyncapi.json',
  '/docs',
  ...['start.js', ...pageFiles].map((name) => `/docs/${name}`),
];

/**
 * `/openapi.json`, and `/docs` that shows it, and `/asyncapi.json`, all from files of this process.
 * @param guards what a request passes first
 */
export function mountDocuments(app: Express, publicUrl: string, guards: RequestHandler[]): void {
  const text = once(() => JSON.stringify(createOpenApi(routes, publicUrl)));
  const events = once(() => JSON.stringify(createAsyncApi()));
  const files = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  app.get('/openapi.json', ...guards, (_req, res) => void res.type('application/json').send(text()));
  app.get('/asyncapi.json', ...guards, (_req, res) => void res.type('application/json').send(events()));
  app.get('/docs', ...guards, (_req, res) => void res.type('html').send(page));
  app.get('/docs/start.js', ...guards, (_req, res) => void res.type('js').send(start));
  for (const name of pageFiles) {
    app.get(`/docs/${name}`, ...guards, (_req, res) => res.sendFile(name, { root: files, maxAge: '1h' }));
  }
  for (const path of documentPaths) app.all(path, onlyGet);
}

/** Made at the first request: few processes are asked for it, and each would keep the megabytes that making it takes. */
function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}

const onlyGet: RequestHandler = () => {
  throw new Refusal(refuse(problems['method-not-allowed'], { headers: { Allow: 'GET, HEAD' } }));
};
