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
'a' is sequence
messages[0].content is sequence and messages[0].content is not string
{'a': 1} is sequence
messages is sequence
(1, 2) is sequence
1 is sequence
none is sequence
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
'%i' % 3
'%+d' % 3
'%e' % 1234.5
'%g' % 0.0001
'%c' % 'a'
'%o' % 8
'%X' % 255
'%#x' % 255
'%.3s' % 'abcdef'
'%s' % none
'%s' % true
'%s' % 1.5
'%s' % 1e16
'%s' % {'a': 1}
'%s %s' % ('a', ['b'])
'%-8s|' % 'ab'
'% d' % 5
'%03d' % -5
'%.1f%%' % 12.345
'%s' % messages[0].role.upper()
'%s' % (messages[0].role | upper | lower)
'%s' % 'a' ~ 'b'
'a' ~ '%s' % 'b'
'%s' % 1 + 'x'
'abc'.istitle()
'Abc Def'.istitle()
'abc'.isidentifier()
'1a'.isidentifier()
'abc'.isprintable()
'a\nb'.isprintable()
'abc'.isascii()
'é'.isascii()
'12'.isdecimal()
'½'.isnumeric()
'½'.isdecimal()
'ab'.rjust(5)
'ab'.ljust(5) ~ '|'
'äöü'.center(9, '-')
'äöü'.zfill(5)
'a--b--c'.rsplit('--', 1)
'a--b--c'.rpartition('--')[0]
'a b c'.rsplit(' ', 1)[0]
'a b c'.rsplit(maxsplit=1)
'  a  '.rsplit()
'a,b'.split(',', -1)
'a,b'.split(',', 0)
'one\ntwo\r\nthree\rfour'.splitlines()
''.splitlines()
'abc'.find('c', -1)
'abc'.find('z')
'abc'.rfind('a', 1)
'abcabc'.count('abc')
'aaa'.count('')
'abc'.startswith('')
'abc'.startswith('c', -1)
'abc'.endswith('', 1, 0)
'abc'.replace('b', '')
'abc'.replace('b', 'x', 0)
'abc'.replace('b', 'x', -1)
'ß'.upper()
'İ'.lower()
'hello wORLD foo_bar'.title()
'Hello World'.swapcase()
'a-b_c d'.title()
'x'.join(['a'])
''.join([])
', '.join(['a', 'b'] + ['c'])
'{:>8}'.format('ab')
'{a[0]}'.format(a=['x'])
'{:e}'.format(12345.678)
'{:x}'.format(255)
'{{}}'.format()
[1, 'a', 2.5] | join('|')
['a', none, true] | join(',')
'abc' | join('-')
{'a': 1, 'b': 2} | join(',')
[[1, 2], [3]] | sum(start=[])
'3' | int + 4
'3.99' | float | int
'abc' | upper | lower | capitalize | title
'a b c' | replace(' ', '')
'  a b  ' | trim | length
[3, 1, 2] | sort | join
[3, 1, 2] | sort | first
['b', 'a', 'B'] | unique | join
['a', 'B', 'c'] | map('upper') | join
[{'a': 1}, {'a': 2}] | map(attribute='a') | list
[{'a': 1}, {}] | map(attribute='a', default='x') | list
[1, 2, 3] | map('string') | join
[' a ', 'b '] | map('trim') | list
[1, none, 0, 'a'] | select | list
[1, none, 0, 'a'] | reject | list
[{'a': 1}, {'a': 0}] | selectattr('a') | list
[{'a': 1}, {'b': 0}] | selectattr('a', 'defined') | list
[{'a': 'x'}, {'a': 'y'}] | rejectattr('a', 'equalto', 'x') | list
{'a': 1}.items() | map('first') | list
{'b': 2, 'a': 1} | dictsort(by='value') | list
{'b': 2, 'a': 1} | dictsort(reverse=true)
{'a': none} | tojson
{'é': 'ü'} | tojson(ensure_ascii=true)
{'b': {'d': 1, 'c': 2}, 'a': 3} | tojson(sort_keys=true, separators=(',', ':'))
[[], {}, [[]]] | tojson(indent=2)
['a', 1] | tojson(separators=('; ', '='))
{'a': 1e-10, 'b': -0.0, 'c': 1e22} | tojson
12345678901234567890 | tojson
true | tojson
none | tojson
'\u2028\x1f' | tojson
"a'b" | tojson
messages[0] | tojson(indent=2, ensure_ascii=true)
messages | map(attribute='role') | list | tojson
range(3) | list | tojson
{'a': (1, 2)} | tojson
'<a href="x">\'&\'</a>' | e
['<'] | e
none | e
1.5 | e
'&amp;' | e
0.1
100.0
1e22
1.0e2
-1.5
-0.0
1/3
10/2
2 ** -1
1e100
123456789012345678.0
[0.1, 1e-7]
{'x': [1.0, {'y': 2e20}]}
'x' ~ 1.5
3.0 | int
3.7 | round | int
7.0 // 2
5 % 2.5
(1, 'a')
('a',)
[('a', 1)]
{'a': ('b',)}
{'a': {'b': [1, 'c']}}
'a' if messages else 'b'
(messages | first).role
(messages | last)['role']
messages[-1]['role']
messages[:1] | length
'abc'[-1]
'abc'[1:2]
'abc'[::2]
'héllo'[1]
'a' not in ['b']
1 in [1, 2] and 2 not in [1]
messages | length > 1
not messages
messages is not none
messages[0].content is string and messages[0].content is not mapping
5 is odd
4 is even
'x' is sameas 'x'
1 is eq 1
[1] is iterable
'abc' is upper
loop is undefined
{'a': 1} | length
{'a': 1} | list
{'a': 1} | first
'a' * 2 ~ 'b'
'-' * 10
2 * 'ab'
[0] * 3
'abc' | wordcount
'a b' | urlencode
'ü?' | urlencode
'http://a/b c' | urlencode
'abcdef' | truncate(5, true, '', 0)
'abc def ghi jkl' | truncate(9, false, '…', 0)
'text' | center(10) | length
'x' | center(4, ) ~ '|'
123 | string | length
'12' | int + '3' | int
'0b11' | int(base=0)
'-5' | int
'+5' | int
'1e3' | int
'' | int
'5 apples' | int
'inf' | float
'a\nb\nc' | indent(3, true)
'a' | indent(first=true)
[1, 2, 3, 4] | batch(3, '-') | list
[1, 2, 3, 4, 5] | slice(2, 'x') | list
{'class': 'a"b', 'id': none} | xmlattr
"x=%s, y=%s" | format(1, 2)
'{0:03d}'.format(7)
'a'.__class__ is defined
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
    "{% macro a(x, y=2, z='q') %}{{ x }}{{ y }}{{ z }}{% endmacro %}{{ a(1) }}{{ a(1, z='r') }}{{ a(y=5, x=4) }}",
    "{% macro tree(node, depth=0) -%}{{ '-' * depth ~ node.n }}{% for c in node.c %}{{ tree(c, depth=depth + 1) }}{% endfor %}{%- endmacro %}{{ tree({'n': 'r', 'c': [{'n': 'a', 'c': [{'n': 'b', 'c': []}]}, {'n': 'd', 'c': []}]}) }}",
    "{% macro even(n) %}{% if n == 0 %}yes{% else %}{{ odd(n - 1) }}{% endif %}{% endmacro %}{% macro odd(n) %}{% if n == 0 %}no{% else %}{{ even(n - 1) }}{% endif %}{% endmacro %}{{ even(30) }}",
    "{% macro f(n) %}{{ n if n < 2 else (f(n - 1) | int) + (f(n - 2) | int) }}{% endmacro %}{{ f(12) }}",
    "{% macro rep(s, n) %}{% for i in range(n) %}{{ s }}{% endfor %}{% endmacro %}{{ rep('ab', 3) | upper }}",
    "{% macro m(x) %}{{ x }}{{ caller('y') }}{% endmacro %}{% call(v) m('x') %}[{{ v }}]{% endcall %}",
    "{% set ns = namespace(found=false) %}{% for m in messages %}{% if m.role == 'assistant' %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}",
    "{% set ns = namespace() %}{% set ns.x = 'a' %}{{ ns.x }}{{ ns.y is defined }}",
    "{% for m in messages | reverse %}{{ m.role[0] }}{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}",
    "{% for m in messages %}{{ loop.changed(m.role) }}{{ loop.depth }}{{ loop.first }}{{ loop.revindex0 }}{% endfor %}",
    "{% for x in [] %}{% else %}empty{% endfor %}",
    "{% if messages | length % 2 == 0 %}even{% else %}odd{% endif %}",
    "{% if not (messages | length) % 2 %}even{% endif %}",
    "{%- if messages[0]['role'] == 'system' -%}s{%- elif messages[0].role == 'user' -%}u{%- else -%}o{%- endif -%}",
    "{{ messages[1].content.split('</think>')[0].split('<think>')[-1] }}{{ messages[1]['content'].rpartition('</think>')[2].strip() }}",
    "{{ '\\n'.join(messages | map(attribute='role')) }}",
    "{{- messages[0].content.strip().splitlines()[0] -}}\n",
    "a\r\n\r\nb\r\n{{- ' c' }}\r\n",
    "\r\n{%- for m in messages -%}\r\n{{ m.role }}\r\n{%- endfor -%}\r\n",
    "{# comment\r\n #}\r\nx\r\n",
    "{{ \"a\\nb\" }}|{{ 'c\\td' }}|{{ 'e\\\\n' }}",
    "{% set a %}x\n{% endset %}{{ a | trim }}|",
    "{% set d = {'a': 1} %}{% set d = dict(d, b=2) %}{{ d }}",
    "{% set l = [1] %}{% set l = l + [2] %}{{ l }}",
    "{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}{{ v }}{% endfor %}",
    "{% for g in messages | groupby('role') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}",
    "{% for role, items in messages | groupby('role') %}{{ role }}{{ items | length }}{% endfor %}",
    "{{ [1, [2, [3]]] }}{{ (1, [2], {'a': (3,)}) }}",
    "{% autoescape true %}{{ '<' }}{% endautoescape %}",
    "{% if messages is defined and messages %}ok{% endif %}{% if foo is not defined %} none{% endif %}",
    "{{ messages[0].foo }}{{ messages[0]['foo'] is undefined }}{{ (messages[0].foo or 'x') }}",
    "{{ 'a' 'b' }}{{ ('c' ~ 'd') * 2 }}",
    "{% set x = 5 %}{% for i in range(2) %}{% set x = i %}{% endfor %}{{ x }}",
    "{% block b %}in{% endblock %}",
    "{{ messages | tojson | length }}",
    "{{ (messages | tojson).replace('user', 'USER')[:20] }}",
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
