"""Records what Jinja2, set up as transformers sets it up for chat templates, writes for small templates.

Usage: python jinja.py > ../jinja/rendered.json   (transformers 5.23, Jinja2 3.1.6)

Each template is one expression, one call of a method or filter, or one construct that real chat templates use. One that
Jinja2 refuses is left out. The messages are the ones below.
"""

import json

from transformers.utils.chat_template_utils import render_jinja_template

MESSAGES = [
    {"role": "user", "content": "  Hello, <b>World</b> & \"co\" it's\n2nd line  "},
    {"role": "assistant", "content": "<think>why</think>Grüße, 東京 a=b=c"},
]

EXPRESSIONS = r"""
messages[1].content.rsplit('</think>', 1)[-1]
messages[1].content.split('</think>')[-1].lstrip('\n')
'a,b,c'.rsplit(',')
'a,b,c'.rsplit(',', 1)
'a,b,c'.rsplit(sep=',', maxsplit=1)
'a,b,c'.split(',', 1)
'a,b,c'.split(',', maxsplit=1)
'  a  b  c '.split()
'  a  b  c '.split(None, 1)
'  a  b  c '.rsplit(None, 1)
''.split()
''.split(',')
'abc'.split('b')[0]
'a=b=c'.partition('=')
'a=b=c'.partition('=')[2]
'a=b=c'.rpartition('=')
'abc'.partition('x')
'abc'.rpartition('x')
'prefix-a'.removeprefix('prefix-')
'a.txt'.removesuffix('.txt')
'abc'.removeprefix('x')
'abcabc'.index('b')
'abcabc'.rindex('b')
'abcabc'.index('b', 2)
'aXbX'.find('X', 2)
'aXbX'.find('X', -1)
'aXbX'.find('X', 0, 1)
'aXbX'.find('', 9)
'aXbX'.rfind('X')
'aXbX'.rfind('X', 0, 3)
'ü東x'.find('x')
'aXbX'.count('X')
'aXbX'.count('X', 2)
'7'.zfill(3)
'-7'.zfill(4)
'+x'.zfill(4)
'abc'.zfill(2)
'a'.center(4)
'ab'.center(5)
'ab'.center(5, '*')
'ab'.ljust(4) ~ '|'
'ab'.rjust(4, '.')
'a\tb'.expandtabs(4)
'they are BIG'.swapcase()
'ABC'.casefold()
"they're bill's friends".title()
"they're bill's friends" | title
'hello WORLD'.capitalize()
'abc'.startswith('a')
'abc'.startswith(('x', 'a'))
'abc'.startswith('b', 1)
'abc'.endswith('c')
'abc'.endswith(('x', 'bc'))
'abc'.endswith('b', 0, 2)
'aaa'.replace('a', 'b', 2)
'aaa'.replace('a', 'b')
'abc'.replace('', '-')
' a '.strip() ~ '|'
'xxaxx'.strip('x')
'xaxx'.lstrip('x')
'xaxx'.rstrip('x')
'a\nb\r\nc'.splitlines()
'a\nb'.splitlines(true)
'a\nb\n'.splitlines(keepends=true)
'-'.join(['a', 'b'])
'{} and {}'.format('a', 'b')
'{0}{1}{0}'.format('a', 'b')
'{name}'.format(name='x')
'{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c')
'{:.2f}'.format(3.14159)
'{:05d}'.format(42)
'{:,}'.format(1234567)
'abc'.upper()
'ABC'.lower()
'abc'.isalpha()
'12'.isdigit()
'a1'.isalnum()
'abc'.islower()
'ABC'.isupper()
'  '.isspace()
'%s-%d' % ('a', 3)
'%s' % 'a'
'%s' % 3
'%d%%' % 50
'%.2f' % 3.14159
'%5s|%-5s|' % ('a', 'b')
'%05d' % 42
'%x' % 255
'%(a)s-%(b)d' % {'a': 'x', 'b': 2}
'%r' % 'a'
'%s %r %5d%% %r' % ('a', "it's", 3, [1.5])
('%s' ~ '!') % 'a'
messages[0].role % ()
'%s: %s' % (messages[0].role, messages[1].role | upper)
'%s' % (messages | length)
'%s' % [1, 2]
7 % 3
-7 % 3
7 % -3
7.5 % 2
(messages | length) % 2 == 0
2 * 7 % 4
7 // 2
-7 // 2
7 / 2
2 ** 10
messages[0].content | wordcount
'one two-three it_s' | wordcount
'x' | center(5)
'xy' | center(width=5)
'x' | center | length
'a b/c?d=é&f' | urlencode
{'a b': 'c d', 'e': 'é/'} | urlencode
[('a', 1), ('b', '2 3')] | urlencode
'a long sentence that goes on' | truncate(12)
'a long sentence that goes on' | truncate(12, true)
'a long sentence that goes on' | truncate(12, true, '..')
'a long sentence that goes on' | truncate(length=12, killwords=false, end='!', leeway=0)
'short' | truncate(4)
'short' | truncate(4, leeway=0)
'x' | int
'x' | int(7)
'x' | int(default=7)
'42' | int
' 42 ' | int
'42.9' | int
'1_000' | int
'0x1f' | int(base=16)
'ff' | int(0, 16)
'0b11' | int(base=2)
3.9 | int
-3.9 | int
true | int
none | int
[] | int
'x' | float
'1.5' | float
'1e3' | float
3 | float
'nan' | float
x | default('d')
x | default('', boolean=true)
'' | default('d', true)
'' | default('d', boolean=true)
messages[0].role | default(default_value='-', boolean=true)
'' | default(default_value='-')
none | default('d')
none | d('e', true)
x.y | default('z') if x is defined else 'no'
messages[0].content | e
messages[0].content | escape
messages[0].content | forceescape
'<' | e | e
'<' | forceescape | forceescape
'<a>' | safe | e
3 | e
messages[0].content | striptags
'&lt;b&gt; &amp; <i>x</i>' | striptags
1e16
1e15
123456789.123
1.0
0.1 + 0.2
1e-5
1e-4
1e300 * 1e10
[1e16, 1.5, 'a', none, true]
{'a': 1e16}
(1e16,)
1e16 | string
2.0 | string ~ 'x'
[1.5, 2] | join('-')
[1, 2, 3] | join
[1, 2, 3] | join(', ')
[1, 2, 3] | join(d=', ')
messages | join(', ', attribute='role')
messages | map(attribute='role') | join(', ')
' a ' | trim ~ '|'
'xax' | trim('x')
'xax' | trim(chars='x')
{'b': 1, 'a': 2} | tojson
{'b': 1, 'a': 2} | tojson(sort_keys=true)
{'b': 1, 'a': [1, 2]} | tojson(separators=(',', ':'))
{'b': 1, 'a': [1, 2]} | tojson(separators=[' , ', ' : '])
'é東😀\x7f' | tojson
'é東😀\x7f' | tojson(ensure_ascii=true)
'é' | tojson(true)
'é' | tojson(ensure_ascii=false)
{'b': [1, {'c': []}], 'a': {}} | tojson(indent=2)
{'b': [1, {'c': []}], 'a': {}} | tojson(indent=0)
{'b': [1, 2]} | tojson(indent='--')
{'b': [1, 2]} | tojson(indent=4, sort_keys=true)
{'b': [1, 2]} | tojson(false, 2)
{'b': [1, 2], 'a': 1} | tojson(indent=2, separators=(',', ': '))
[1e16, 1.0, 0.1, 1e-7, true, false, none] | tojson
[1e400, -1e400] | tojson
{1: 'a', true: 'b', none: 'c', 1.5: 'd'} | tojson
'a"b\\c/\n\t\r\x08\x0c\x01<>&\'' | tojson
messages | tojson
messages | tojson(indent=1)
(1, 'a') | tojson
'' | tojson
[1, 2, 3].index(2)
[1, 2, 2].count(2)
(1, 2).index(2)
{'a': 1}.get('a')
{'a': 1}.get('b')
{'a': 1}.get('b', 3)
{'a': 1}.items() | list
{'a': 1}.keys() | list
{'a': 1}.values() | list
{'a': 1}.copy()
{'b': 1, 'a': 2} | dictsort
{'b': 1, 'a': 2} | items | list
[3, 1, 2] | sort
[3, 1, 2] | sort(reverse=true)
['b', 'A'] | sort
['b', 'A'] | sort(case_sensitive=true)
messages | sort(attribute='role') | map(attribute='role') | list
messages | selectattr('role', 'equalto', 'user') | list | length
messages | selectattr('role', 'in', ['user', 'x']) | list | length
messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list
messages | map('length') | list
['a', 'b'] | map('upper') | list
[1, 2, 3, 4] | select('even') | list
[1, 2, 3, 4] | reject('odd') | list
[1, 2, 3] | sum
[{'a': 1}, {'a': 2}] | sum(attribute='a')
[1, 2, 3] | first
[1, 2, 3] | last
[1, 2, 3] | min
[1, 2, 3] | max
[1, 2, 2] | unique | list
[1, 2, 3, 4, 5] | batch(2) | list
[1, 2, 3] | batch(2, 'x') | list
[1, 2, 3] | slice(2) | list
'abc' | reverse
[1, 2] | reverse | list
'abc' | first
'abc' | last
'abc' | list
'abc' | length
'abc'[::-1]
'abc'[1:]
messages[::-1][0].role
messages[-1:][0].role
'aXb' | replace('X', '-')
'aXbX' | replace('X', '-', 1)
'a\nb' | indent
'a\nb' | indent(2)
'a\nb' | indent(width=2, first=true)
'a\n\nb' | indent(2, blank=true)
'a\nb' | indent('> ')
'a\n\nb\n' | indent(first=true)
'' | indent(2, true)
3.567 | round
3.567 | round(1)
3.567 | round(precision=2)
3.567 | round(1, 'floor')
3.2 | round(method='ceil') | int
2.5 | round
-3 | abs
'%s=%s' | format('a', 1)
'%(a)s' | format(a=1)
1000 | filesizeformat
1500000 | filesizeformat
1500000 | filesizeformat(true)
1 | filesizeformat
500 | filesizeformat
{'a': {'b': 1}} | attr('a')
messages[0] | attr('role')
[{'k': 1, 'v': 'a'}, {'k': 1, 'v': 'b'}] | groupby('k') | list | length
'a' in 'abc'
'a' in ['a']
'role' in messages[0]
x is undefined
messages is iterable
'a' is string
1 is number
1.5 is float
1 is integer
true is boolean
{} is mapping
[] is sequence
none is none
'a' is in 'abc'
3 is divisibleby(3)
3 is divisibleby 3
'a' is eq 'a'
'abc' is lower
'a' ~ 1 ~ none ~ true
'a' * 3
[1] + [2]
[1] * 2
(1, 2) + (3,)
1 if false
'x' if x else 'y'
not true and false
1 < 2 < 3
1 == 1.0
'a' < 'b'
true + 1
[true, none, 'x', 1, 1.5, {'a': "it's"}]
"it's \"q\""
['it\'s', 'a"b', 'a\'b"c', 'tab\t', 'é', '\\']
range(3) | list
range(1, 7, 2) | list
dict(a=1, b='x')
namespace(a=1).a
messages[0]['content'][:7] ~ '|'
messages[0].get('tool_calls')
messages[0].tool_calls is defined
messages[0].role.upper().lower().title()
messages[0].items() | list | length
none
true
[] or 'x'
{} | length
'a\x41\u00e9'
(1)
(1,)
()
1_000
0x1f
"""

TEMPLATES = [
    "a\r\n{% if true %}\r\nb\r\n{% endif %}\r\nc\r\n",
    "a\r\n  {%- if true -%}\r\n b \r\n{% endif %}\r\n",
    "{% for m in messages %}\r\n  {{ m.role }}\r\n{% endfor %}\r\nend",
    "{{ 'x\r\ny' | tojson }}",
    "a\n\n",
    "a\rb",
    "{% macro r(n) %}{% if n > 0 %}{{ n }}{{ r(n-1) }}{% endif %}{% endmacro %}{{ r(40) }}",
    "{% macro r(n) %}{% if n > 0 %}{{ n }}{{ r(n-1) }}{% endif %}{% endmacro %}{{ r(75) }}",
    "{% macro r(n, sep='-') %}{% if n > 0 %}{{ n ~ sep }}{{ r(n=n-1, sep=sep) }}{% endif %}{% endmacro %}{{ r(5, sep='+') }}",
    "{% macro show(value, depth=0) %}{% if value is mapping %}{% for k, v in value.items() %}{{ '  ' * depth }}{{ k }}:\n{{ show(v, depth=depth + 1) }}{% endfor %}{% elif value is string %}{{ '  ' * depth ~ value }}\n{% else %}{% for v in value %}{{ show(v, depth + 1) }}{% endfor %}{% endif %}{% endmacro %}{{ show({'a': {'b': ['c', 'd']}, 'e': 'f'}) }}",
    "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}x{% endcall %}",
    "{% macro m(a, b) %}{{ a }}{{ b is defined }}{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}",
    "{% macro m(a) -%}\n  {{ a }}\n{%- endmacro %}{{ m('x') ~ '!' }}",
    "{% set ns = namespace(n=0, l=[]) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% set ns.l = ns.l + [m.role] %}{% endfor %}{{ ns.n }}{{ ns.l }}",
    "{% for m in messages if m.role == 'user' %}{{ loop.index }}{{ loop.last }}{% else %}none{% endfor %}",
    "{% for m in messages %}{{ loop.index0 % 2 }}{{ loop.revindex }}{{ loop.length }}{{ loop.cycle('a', 'b') }}{{ loop.previtem.role if loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %}",
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('x') }}{% endif %}{{ m.role }}{% endfor %}",
    "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% break %}{% endfor %}",
    "{% set x %}a{{ 1 }}{% endset %}{{ x }}{{ x | length }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set x = 'a' if messages else 'b' -%}\n{{ x }}",
    "{% filter upper %}abc{% endfilter %}",
    "{% with a=1 %}{{ a }}{% endwith %}",
    "{% raw %}{{ a % b }}{% endraw %}",
    "{# a % b #}x{# '#}",
    "{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}",
    "{% for a in [1, 2] recursive %}{{ a }}{% endfor %}",
    "{%- for x in [[1, [2]], [3]] recursive %}{% if x is iterable %}[{{ loop(x) }}]{% else %}{{ x }}{% endif %}{% endfor %}",
    "{% generation %}x{% endgeneration %}",
    "{% for m in messages %}{% generation %}\n{{ m.role }}\n{% endgeneration %}\n{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}",
    "{% set j = joiner(', ') %}{{ j() }}a{{ j() }}b",
    "   {% if true %}   \n  x\n   {% endif %}\ny",
    "{%+ if true %} x{%+ endif %}",
    "{{- ' a' -}}  b",
    "{% if messages[0].role == 'user' and '%s' % 'a' == 'a' %}yes{% endif %}",
    "{% set fmt = '%s has %d' %}{{ fmt % (messages[0].role, 3) }}{{ fmt % ('b', 4) }}",
    "{% for i in range(4) %}{{ '%02d ' % i }}{% endfor %}",
    "{%- set content = messages[1].content -%}{%- if '</think>' in content -%}{%- set content = content.split('</think>')[-1].lstrip('\\n') -%}{%- endif -%}{{- content -}}",
    "{{ bos_token }}{{ messages[0]['content'] | trim }}{{ eos_token is defined }}",
    "{{ tools is none }}{{ documents }}{{ add_generation_prompt }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | map('trim') | join('|') }}",
    "{{ undefined_thing }}{{ messages[9] }}|",
]


def render(template):
    try:
        return render_jinja_template([MESSAGES], chat_template=template, add_generation_prompt=False)[0][0]
    except Exception as error:  # noqa: BLE001
        import sys

        print(f"left out: {template!r}: {type(error).__name__}: {error}", file=sys.stderr)
        return None


if __name__ == "__main__":
    templates = ["{{ " + line + " }}" for line in EXPRESSIONS.strip("\n").split("\n")] + TEMPLATES
    cases = [{"template": t, "rendered": r} for t in templates if (r := render(t)) is not None]
    cases = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"messages": {json.dumps(MESSAGES)},\n"cases": [\n{cases}\n]}}')
