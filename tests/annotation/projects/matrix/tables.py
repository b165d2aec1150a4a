"""Did that call write anything? Seen in the database, not asked of the code.

PostgreSQL counts every row that this connection inserts, updates or deletes, undone ones too, in
its own memory. Counters that stand still mean equal tables, for a fraction of a millisecond; once
they moved, every row of every table is hashed and compared.
"""

from django.db import connection


class Tables:
    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tablename, to_regclass(quote_ident(tablename))::oid FROM pg_tables"
                " WHERE schemaname = current_schema() ORDER BY tablename"
            )
            rows = cursor.fetchall()
            self.names = [name for name, _oid in rows]
            oids = ", ".join(str(oid) for _name, oid in rows)
            cursor.execute(
                "PREPARE matrix_writes AS SELECT sum(pg_stat_get_xact_tuples_inserted(t)"
                " + pg_stat_get_xact_tuples_updated(t) + pg_stat_get_xact_tuples_deleted(t))"
                f" FROM unnest(ARRAY[{oids}]::oid[]) t"
            )
            hashes = " UNION ALL ".join(
                f"SELECT '{name}', (SELECT md5(string_agg(md5(r::text), '' ORDER BY md5(r::text)))"
                f' FROM "{name}" r)'
                for name in self.names
            )
            cursor.execute(f"PREPARE matrix_hashes AS {hashes}")
            cursor.execute(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND column_name = 'project_id'"
            )
            of_projects = [name for (name,) in cursor.fetchall()]
            rows_of = " UNION ALL ".join(
                f'SELECT md5(r::text) h FROM "{name}" r WHERE project_id = $1'
                for name in of_projects
            )
            cursor.execute(
                "PREPARE matrix_project (bigint) AS"
                f" SELECT count(*) || md5(string_agg(h, '' ORDER BY h)) FROM ({rows_of}) rows"
            )

    def written(self) -> int:
        """Grows with every row written in this transaction, whatever becomes of it."""
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE matrix_writes")
            return int(cursor.fetchone()[0])

    def hashes(self) -> dict[str, str | None]:
        """Of all rows, by table."""
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE matrix_hashes")
            return dict(cursor.fetchall())

    def of_project(self, project_id) -> str:
        """Of all rows that belong to a project."""
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE matrix_project (%s)", [project_id])
            return cursor.fetchone()[0]

    def close(self):
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE matrix_writes")
            cursor.execute("DEALLOCATE matrix_hashes")
            cursor.execute("DEALLOCATE matrix_project")
