-- What pgbench picks from: numbered agencies with their worker, numbered open cases, numbered services.
create table pick_agency as
  select row_number() over (order by a.code)::int as n, a.id as agency, s.id as staff
  from agency a join staff s on s.agency_id = a.id where not a.is_centre;
create unique index on pick_agency (n);
create table pick_case as
  select row_number() over (order by c.number)::int as n, c.id, c.coordinator_id, c.centre_id from case_file c;
create unique index on pick_case (n);
create table pick_service as
  select row_number() over (order by s.id)::int as n, s.id, a.id as agency
  from service s join agency a on a.organization_id = s.organization_id;
create unique index on pick_service (n);
create table pick_search (n int primary key, tsquery tsquery, patterns text[], first text, area text, chain text[],
  lat float8, lon float8);
