{#
  Text to types. Raw columns are text; what cannot be cast becomes NULL here instead of failing the
  view for everybody, and the `not_null` tests of the staging models report it.

  The warehouses spell this differently; everything that differs is in this file.
#}
{% macro as_text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{# `2024-01-15` or `20240115`, nothing else: a sender's 01/02/2024 means two different days. #}
{% macro as_date(column) -%}
    {{ adapter.dispatch('as_date')(column) }}
{%- endmacro %}

{% macro duckdb__as_date(column) -%}
    cast(try_strptime(trim({{ column }}), ['%Y-%m-%d', '%Y%m%d']) as date)
{%- endmacro %}

{% macro bigquery__as_date(column) -%}
    coalesce(
        safe.parse_date('%Y-%m-%d', trim({{ column }})),
        safe.parse_date('%Y%m%d', trim({{ column }}))
    )
{%- endmacro %}

{% macro as_decimal(column, scale=4) -%}
    {{ adapter.dispatch('as_decimal')(column, scale) }}
{%- endmacro %}

{% macro duckdb__as_decimal(column, scale) -%}
    {{ try_cast_to(as_text(column), 'decimal(18, ' ~ scale ~ ')') }}
{%- endmacro %}

{# BigQuery's casts take no scale. #}
{% macro bigquery__as_decimal(column, scale) -%}
    round({{ try_cast_to(as_text(column), 'numeric') }}, {{ scale }})
{%- endmacro %}

{% macro as_bigint(column) -%}
    {{ try_cast_to(as_text(column), 'bigint') }}
{%- endmacro %}

{# NULL where the text does not fit the type. #}
{% macro try_cast_to(text, type) -%}
    {{ adapter.dispatch('try_cast_to')(text, type) }}
{%- endmacro %}

{% macro duckdb__try_cast_to(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}

{% macro bigquery__try_cast_to(text, type) -%}
    safe_cast({{ text }} as {{ type }})
{%- endmacro %}

{# The product of two decimals, to the cent. #}
{% macro as_amount(expression) -%}
    {{ adapter.dispatch('as_amount')(expression) }}
{%- endmacro %}

{% macro duckdb__as_amount(expression) -%}
    cast({{ expression }} as decimal(38, 2))
{%- endmacro %}

{# BigQuery's decimal has room for 29 digits before the point. #}
{% macro bigquery__as_amount(expression) -%}
    round(cast({{ expression }} as bignumeric), 2)
{%- endmacro %}

{# A delivered column that the raw table does not have: it waits in `_extra`. #}
{% macro extra(column) -%}
    {{ adapter.dispatch('extra')(column) }}
{%- endmacro %}

{% macro duckdb__extra(column) -%}
    _extra ->> '$.{{ column }}'
{%- endmacro %}

{% macro bigquery__extra(column) -%}
    json_value(_extra, '$.{{ column }}')
{%- endmacro %}
