-- What a PostGraphile team would add to the same tables: foreign keys to follow, a role, row-level security,
-- a function for the inbox and one for sending a referral. No decision is taken per row in code, nothing is disclosed
-- under an article, no disclosure is written down.
alter table referral add constraint from_agency foreign key (from_agency_id) references agency (id);
alter table referral add constraint to_agency foreign key (to_agency_id) references agency (id);
alter table referral add constraint service foreign key (service_id) references service (id);
alter table referral add constraint case_file foreign key (case_id) references case_file (id);

create function me(claim text) returns uuid language sql stable parallel safe as
  $$ select nullif(current_setting('jwt.claims.' || claim, true), '')::uuid $$;

grant usage on schema public to peer_server, peer_staff;
grant select (id, code, name, names, network) on agency to peer_staff;
grant select (id, name, name_i18n) on service to peer_staff;
grant select (id, number, risk_level) on case_file to peer_staff;
grant select on referral to peer_staff;

-- Reading what one's own agency was sent, or sent itself; and the cases one stands to.
alter table referral enable row level security;
create policy referral_seen on referral for select to peer_staff
  using (to_agency_id = (select me('agency')) or from_agency_id = (select me('agency')));
alter table case_file enable row level security;
create policy case_seen on case_file for select to peer_staff using (exists (
  select from standing s where s.case_id = case_file.id and s.ended_at is null
    and (s.agency_id = (select me('agency')) or s.staff_id = (select me('staff')))));
grant select (case_id, agency_id, staff_id, ended_at) on standing to peer_staff;

create function inbox() returns setof referral language sql stable as $$
  select * from referral where to_agency_id = (select me('agency')) and state in ('requested', 'accepted')
  order by due_at, id $$;

create function send_referral(
  case_id uuid, need text, area text, urgency text, service_id uuid, summary text
) returns referral language plpgsql volatile security definer set search_path = public as $$
declare
  sent referral; agency uuid; moment timestamptz := now();
begin
  perform from standing s where s.case_id = send_referral.case_id and s.kind = 'assigned' and s.ended_at is null
    and s.staff_id = me('staff');
  if not found then raise exception 'not found'; end if;
  select a.id into agency from service s join agency a on a.organization_id = s.organization_id
    where s.id = send_referral.service_id and s.status = 'active';
  if not found then raise exception 'out of service'; end if;
  insert into referral (id, case_id, need, area, urgency, from_agency_id, to_agency_id, service_id, summary, state,
      sent_by, sent_at, due_at, version)
    values (gen_random_uuid(), case_id, need, area, urgency, me('agency'), agency, service_id,
      convert_to(summary, 'utf8'), 'requested', me('staff'), moment, moment + interval '1 day', 1)
    returning * into sent;
  insert into standing (id, case_id, kind, agency_id, source_id, accepted, treatment, listed)
    values (gen_random_uuid(), case_id, 'referred_to', agency, sent.id, false, false, false);
  insert into deadline (id, clock, subject_id, owner_id, starts_at, due_at, next_fire_at, stage, warned, state, attempts)
    values (gen_random_uuid(), 'referral_answer', sent.id, agency, moment, moment + interval '1 day',
      moment + interval '20 hours', 'waiting', 0, 'running', 0);
  insert into outbox (id, kind, agency_id, subject_id, created_at, next_fire_at, attempts)
    values (gen_random_uuid(), 'referral_received', agency, sent.id, moment, moment, 0);
  insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body)
    values (moment, me('staff'), me('agency'), 'referral.send', sent.id::text, array[case_id],
      jsonb_build_object('need', need, 'urgency', urgency, 'to', agency));
  return sent;
end $$;

-- The directory, which is public to whoever is signed in; its search is one sorted scan over the hub's own index.
grant select on service, organization, attribute, taxonomy_term, service_area, language, phone, service_at_location,
  location, service_capacity, service_search to peer_staff;

create function search_services(
  tsquery text, patterns text[], first_term text, area text, chain text[], lat float8, lon float8
) returns setof service language sql stable as $$
  select s.* from (
    select q.service_id,
      case when q.name like first_term then 0 else 4 end
      + case when area = any(q.areas) then 0 when q.areas && chain then 1 else 2 end as rank,
      coalesce(cast(round(2 * 6371008.8 * asin(sqrt(least(1, power(sin(radians(q.latitude - lat) / 2), 2)
        + cos(radians(lat)) * cos(radians(q.latitude)) * power(sin(radians(q.longitude - lon) / 2), 2))))) as integer),
        2147483647) as metres
    from service_search q where q.document @@ cast(tsquery as tsquery) and q.haystack like all (patterns)) h
  join service s on s.id = h.service_id order by rank, metres, service_id $$;
create function service_needs(s service) returns text[] language sql stable as $$
  select array(select distinct t.need from attribute b join taxonomy_term t on t.id = b.taxonomy_term_id
    where b.service_id = s.id and t.need is not null order by 1) $$;
create function service_areas(s service) returns text[] language sql stable as $$
  select array(select distinct area_code from service_area where service_id = s.id and area_code is not null order by 1)
  $$;
create function service_languages(s service) returns text[] language sql stable as $$
  select array(select distinct code from language where service_id = s.id and code is not null order by 1) $$;
create function service_phones(s service) returns text[] language sql stable as $$
  select array(select number from phone where service_id = s.id order by id) $$;
create function service_confidential(s service) returns boolean language sql stable as $$
  select exists (select from service_at_location k join location l on l.id = k.location_id
    where k.service_id = s.id and l.location_type = 'confidential') $$;
create function service_available(s service) returns integer language sql stable as $$
  select c.available from service_capacity c where c.service_id = s.id order by updated desc, available desc limit 1 $$;
