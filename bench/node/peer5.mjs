// PostGraphile 5 with its recommended preset, in production mode, no Ruru.
import http from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile5";
import { makePgService } from "postgraphile5/adaptors/pg";
import { grafserv } from "postgraphile5/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile5/presets/amber";
import { PgLazyJWTPreset } from "postgraphile5/presets/lazy-jwt";

const pool = new pg.Pool({ max: 16 });
const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgLazyJWTPreset],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  schema: { pgJwtSecret: process.env.PEER_SECRET },
  grafserv: { graphiql: false, watch: false },
});
const server = http.createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
