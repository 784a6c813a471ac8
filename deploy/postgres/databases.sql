-- Roles and databases. Temporal and the ledger cannot read each other's: each has
-- a role of its own that owns its databases, and nobody else may connect.
-- It may run again at any time, and then only sets the passwords.

\getenv temporal_password TEMPORAL_DB_PASSWORD
\getenv ledger_password LEDGER_DB_PASSWORD

SELECT 'CREATE ROLE temporal' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'temporal') \gexec
SELECT 'CREATE ROLE returnbridge' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'returnbridge') \gexec
ALTER ROLE temporal LOGIN PASSWORD :'temporal_password';
ALTER ROLE returnbridge LOGIN PASSWORD :'ledger_password';

SELECT 'CREATE DATABASE temporal OWNER temporal' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'temporal') \gexec
SELECT 'CREATE DATABASE temporal_visibility OWNER temporal' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'temporal_visibility') \gexec
SELECT 'CREATE DATABASE returnbridge OWNER returnbridge' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'returnbridge') \gexec
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, returnbridge FROM PUBLIC;
