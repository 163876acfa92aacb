-- The tables of an Odoo 18.0 database that the engine touches, with the rows that it looks for.
CREATE TABLE ir_config_parameter (id serial PRIMARY KEY, key varchar NOT NULL UNIQUE, value text NOT NULL,
    create_uid int, create_date timestamp, write_uid int, write_date timestamp);
CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, complete_name varchar, email varchar, email_normalized varchar,
    commercial_company_name varchar, lang varchar, tz varchar, signup_type varchar);
CREATE TABLE res_company (id serial PRIMARY KEY, name varchar NOT NULL, email varchar, partner_id int REFERENCES res_partner);
CREATE TABLE res_users (id serial PRIMARY KEY, login varchar NOT NULL UNIQUE, password varchar, active boolean DEFAULT true,
    partner_id int NOT NULL REFERENCES res_partner, company_id int REFERENCES res_company, signature text);
CREATE TABLE res_users_log (id serial PRIMARY KEY, create_uid int, create_date timestamp);
CREATE TABLE res_lang (id serial PRIMARY KEY, code varchar NOT NULL, active boolean);
CREATE TABLE ir_model_data (id serial PRIMARY KEY, module varchar, name varchar, model varchar, res_id int);
CREATE TABLE res_groups_implied_rel (gid int, hid int);
CREATE TABLE res_groups_users_rel (gid int, uid int);
CREATE TABLE ir_module_module (id serial PRIMARY KEY, name varchar, state varchar, latest_version varchar);
CREATE TABLE ir_cron (id serial PRIMARY KEY, interval_number int, interval_type varchar, nextcall timestamp, cron_name varchar,
    active boolean DEFAULT true, failure_count int DEFAULT 0, first_failure_date timestamp);
CREATE TABLE ir_cron_trigger (id serial PRIMARY KEY, cron_id int REFERENCES ir_cron, call_at timestamp);
CREATE TABLE mail_alias_domain (id serial PRIMARY KEY, name varchar, bounce_alias varchar, catchall_alias varchar,
    default_from varchar, sequence int, create_date timestamp, write_date timestamp);
CREATE TABLE mail_alias (id serial PRIMARY KEY, alias_name varchar, alias_full_name varchar,
    alias_domain_id int REFERENCES mail_alias_domain);
INSERT INTO mail_alias (alias_name) VALUES ('sales'), (NULL);
ALTER TABLE res_company ADD alias_domain_id int REFERENCES mail_alias_domain;
CREATE TABLE mail_mail (id serial PRIMARY KEY, state varchar);
CREATE TABLE bus_bus (id serial PRIMARY KEY, message varchar);
CREATE TABLE ir_attachment (id serial PRIMARY KEY, url varchar, store_fname varchar);
CREATE TABLE filler AS SELECT g AS id, repeat(md5(g::text), 8) AS content FROM generate_series(1, 1000) g;

INSERT INTO res_partner (id, name, complete_name) VALUES (1, 'My Company', 'My Company'), (3, 'Administrator', 'Administrator');
INSERT INTO res_company (id, name, partner_id) VALUES (1, 'My Company', 1);
INSERT INTO res_users (id, login, password, partner_id, company_id) VALUES (2, 'admin', '$pbkdf2$', 3, 1);
INSERT INTO res_users_log (create_uid, create_date) VALUES (2, '2020-01-01 00:00:00.6');
INSERT INTO ir_model_data (module, name, model, res_id)
    VALUES ('base', 'main_company', 'res.company', 1), ('base', 'user_admin', 'res.users', 2);
INSERT INTO res_lang (code, active) VALUES ('en_US', true), ('de_DE', true), ('fr_FR', false);
INSERT INTO ir_module_module (name, state, latest_version)
    VALUES ('base', 'installed', '18.0.1.3'), ('web', 'installed', '18.0.1.0'), ('sale', 'uninstalled', NULL);
INSERT INTO ir_config_parameter (key, value) VALUES ('database.uuid', 'template-uuid'), ('database.secret', 'template-secret'),
    ('web.base.url', 'http://localhost:8069');
INSERT INTO ir_cron (interval_number, interval_type, nextcall) VALUES (1, 'hours', '2020-01-01'), (1, 'days', '2020-01-01'),
    (5, 'minutes', '2020-01-01');
INSERT INTO ir_cron_trigger (cron_id, call_at) VALUES (1, '2020-01-01');
INSERT INTO mail_mail (state) VALUES ('outgoing');
INSERT INTO bus_bus (message) VALUES ('leftover');
