{#
  The rows of a raw table that count: of each key, those of the newest load.

  Raw tables keep every row that was ever delivered. Two things make a row old:
  a later delivery of the same file name restates its load as a whole (`load_metadata` says which
  load restates which), or a later file brings the same key again.

  `rank` rather than `row_number`: a key that one file brings twice stays twice, so that the `unique`
  tests see it. Rows that were in the table before the loader came have no load and count as oldest.

  Adds two columns: `_filename`, the delivered file, and `_loaded_at`, when it was loaded (UTC).
#}
{% macro newest_rows(table, key) -%}
    select
        raw.*,
        loads.filename as _filename,
        loads.completed_at as _loaded_at
    from {{ source('landing', table) }} as raw
    left join {{ source('landing', 'load_metadata') }} as loads
        on raw._load_id = loads.load_id
    where not exists (
        select 1
        from {{ source('landing', 'load_metadata') }} as later
        where later.restates_load_id = raw._load_id
    )
    qualify rank() over (
        partition by {{ key | join(', ') }}
        order by loads.sequence desc nulls last
    ) = 1
{%- endmacro %}
