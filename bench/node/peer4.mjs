// PostGraphile 4 as its documentation runs it in production: no watch, no GraphiQL, no query log.
import http from "node:http";
import pg from "pg";
import postgraphile4 from "postgraphile4";

const pool = new pg.Pool({ max: 16 });
const handler = postgraphile4.postgraphile(pool, "public", {
  jwtSecret: process.env.PEER_SECRET,
  pgDefaultRole: "peer_server",
  ignoreRBAC: false,
  ignoreIndexes: true,
  dynamicJson: true,
  legacyRelations: "omit",
  setofFunctionsContainNulls: false,
  disableQueryLog: true,
  graphiql: false,
  enableQueryBatching: false,
});
http.createServer(handler).listen(Number(process.env.PORT), "127.0.0.1");
