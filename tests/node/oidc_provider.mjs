// A real OpenID provider for the tests: loopback only, in memory, and it ends when whoever started it does.
// POST /test/configure {alg?, rotate?, callback?, claims?, ahead? (seconds its clock is ahead)} changes it; GET /test/counts says what was asked of it.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { parse } from 'node:querystring';
import { Provider } from 'oidc-provider';

const API = process.env.HUB_TEST_AUDIENCE ?? 'urn:hub:api';
const SCOPES = 'hub:read hub:write';
const state = { alg: 'RS256', keys: [], claims: {}, callback: 'http://127.0.0.1/auth/callback', ahead: 0 };
const today = Date.now;
Date.now = () => today() + state.ahead * 1000;
const counts = { jwks: 0, token: 0 };

const jwk = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: randomUUID(),
});
const freshKeys = () => [
  jwk('rsa', { modulusLength: 2048 }, 'RS256'),
  jwk('rsa', { modulusLength: 2048 }, 'PS256'),
  jwk('ec', { namedCurve: 'P-256' }, 'ES256'),
];
state.keys = freshKeys();

function build(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys: state.keys },
    cookies: { keys: [randomUUID()] },
    clients: [
      {
        // a native client's loopback address matches on any port (RFC 8252, 7.3)
        client_id: 'hub-web', application_type: 'native', token_endpoint_auth_method: 'none',
        redirect_uris: [state.callback], post_logout_redirect_uris: [new URL('/', state.callback).href],
        grant_types: ['authorization_code'], response_types: ['code'], id_token_signed_response_alg: state.alg,
      },
      {
        client_id: 'hub-machine', client_secret: 'only-in-tests-7f1c', redirect_uris: [], response_types: [],
        grant_types: ['client_credentials'], id_token_signed_response_alg: state.alg,
      },
    ],
    pkce: { required: () => true },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'],
    },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'roles', 'agency'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: async (_ctx, id) => ({
      accountId: id, claims: async () => ({ sub: id, name: id, ...state.claims[id] }),
    }),
    extraTokenClaims: async (_ctx, token) => state.claims[token.accountId ?? token.clientId] ?? {},
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true, defaultResource: async () => API, useGrantedResource: async () => true,
        getResourceServerInfo: async () => ({
          scope: SCOPES, audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 300,
          jwt: { sign: { alg: state.alg } },
        }),
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, IdToken: 600, ClientCredentials: 300, AccessToken: 300 },
  });
  return { provider, handle: provider.callback() };
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

async function interact(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET' && details.prompt.name === 'login') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end('<!doctype html><html lang="en"><title>Test provider</title><form method="post">'
      + '<label>Login <input name="login"></label><button>Sign in</button></form></html>');
  }
  if (details.prompt.name === 'login') {
    const { login } = parse(await body(request));
    return provider.interactionFinished(request, response, { login: { accountId: login } });
  }
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope('openid profile');
  grant.addResourceScope(API, SCOPES);
  return provider.interactionFinished(
    request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true },
  );
}

const server = createServer(async (request, response) => {
  try {
    if (request.url === '/test/counts') return response.end(JSON.stringify(counts));
    if (request.url === '/test/configure') {
      const { rotate, ...rest } = JSON.parse(await body(request));
      Object.assign(state, rest, rotate ? { keys: freshKeys() } : {});
      current = build(issuer);
      return response.end('{}');
    }
    if (request.url.startsWith('/interaction/')) return await interact(current.provider, request, response);
    if (request.url.startsWith('/jwks')) counts.jwks += 1;
    if (request.url.startsWith('/token')) counts.token += 1;
    return await current.handle(request, response);
  } catch (problem) {
    response.writeHead(500);
    return response.end(String(problem));
  }
});
let issuer;
let current;
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  current = build(issuer);
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
