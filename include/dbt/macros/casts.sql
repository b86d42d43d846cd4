{#
  Text to types. Raw columns are text; what cannot be cast becomes NULL here instead of failing the
  view for everybody, and the `not_null` tests of the staging models report it.
#}
{% macro as_text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}

{# `2024-01-15` or `20240115`, nothing else: a sender's 01/02/2024 means two different days. #}
{% macro as_date(column) -%}
    cast(try_strptime(trim({{ column }}), ['%Y-%m-%d', '%Y%m%d']) as date)
{%- endmacro %}

{% macro as_decimal(column, scale=4) -%}
    try_cast(nullif(trim({{ column }}), '') as decimal(18, {{ scale }}))
{%- endmacro %}

{% macro as_bigint(column) -%}
    try_cast(nullif(trim({{ column }}), '') as bigint)
{%- endmacro %}
