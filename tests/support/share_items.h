#ifndef TESTS_SUPPORT_SHARE_ITEMS_H
#define TESTS_SUPPORT_SHARE_ITEMS_H

/* An item of each kind that opencode's types know, with every field that a page looks at: what the
   recorded sessions have, and what they don't (both generations of messages, tools that no model
   called). */

/* clang-format off */
#define ITEM_PART(id, rest) "{\"type\":\"part\",\"data\":{\"id\":\"prt_" id "\",\"messageID\":\"msg_2\",\"sessionID\":\"ses_1\"," rest "}}"
#define ITEM_TOOL(id, tool, status, input, rest) ITEM_PART(id, "\"type\":\"tool\",\"callID\":\"c\",\"tool\":\"" tool "\",\"state\":{\"status\":\"" status "\",\"input\":{" input "},\"title\":\"title\",\"time\":{\"start\":1795368378100,\"end\":1795368379333}," rest "}")

static const char *const items[] = {
    "{\"type\":\"session\",\"data\":{\"id\":\"ses_1\",\"title\":\"Title\",\"directory\":\"/home/dev/x\",\"version\":\"1.18.33\",\"agent\":\"build\",\"parentID\":\"ses_0\",\"cost\":0.5,\"tokens\":{\"input\":5,\"output\":6,\"reasoning\":7,\"cache\":{\"read\":8,\"write\":9}},\"time\":{\"created\":1795368378000,\"updated\":1795368378002},\"revert\":{\"messageID\":\"msg_8\",\"partID\":\"prt_81\"}}}",
    "{\"type\":\"session_diff\",\"data\":[{\"file\":\"a.c\",\"patch\":\"--- a.c\\n+++ a.c\\n@@ -1 +1 @@\\n-a\\n+b\\n\",\"additions\":1,\"deletions\":1,\"status\":\"modified\"}]}",
    "{\"type\":\"model\",\"data\":[{\"id\":\"m\",\"providerID\":\"p\",\"name\":\"Model\"}]}",
    "{\"type\":\"gadget\",\"data\":{\"id\":\"g\",\"what\":\"a kind that is not known\"}}",
    "{\"type\":\"message\",\"data\":{\"id\":\"msg_1\",\"sessionID\":\"ses_1\",\"role\":\"user\",\"agent\":\"build\",\"system\":\"be good\",\"time\":{\"created\":1795368378001},\"model\":{\"providerID\":\"p\",\"modelID\":\"m\"},\"summary\":{\"title\":\"T\",\"diffs\":[{\"file\":\"b.c\",\"patch\":\"@@ -1 +1 @@\\n-a\\n+b\\n\",\"additions\":1,\"deletions\":1,\"status\":\"added\"},{\"file\":\"c.c\",\"before\":\"x\\n\",\"after\":\"y\\n\",\"additions\":1,\"deletions\":1}]}}}",
    "{\"type\":\"part\",\"data\":{\"id\":\"prt_1\",\"messageID\":\"msg_1\",\"type\":\"text\",\"text\":\"Say *this* and `that`.\"}}",
    "{\"type\":\"message\",\"data\":{\"id\":\"msg_2\",\"sessionID\":\"ses_1\",\"role\":\"assistant\",\"parentID\":\"msg_1\",\"agent\":\"build\",\"mode\":\"plan\",\"variant\":\"high\",\"modelID\":\"m\",\"providerID\":\"p\",\"cost\":0.1,\"tokens\":{\"input\":5,\"output\":6,\"reasoning\":7,\"cache\":{\"read\":8,\"write\":9}},\"time\":{\"created\":1795368378002,\"completed\":1795368379002},\"finish\":\"length\",\"error\":{\"name\":\"APIError\",\"data\":{\"message\":\"no\",\"statusCode\":500,\"responseBody\":\"body\"}},\"structured\":{\"a\":1}}}",
    "{\"type\":\"message\",\"data\":{\"id\":\"msg_8\",\"sessionID\":\"ses_1\",\"role\":\"assistant\",\"modelID\":\"m\",\"time\":{\"created\":1795368378002},\"error\":{\"name\":\"MessageAbortedError\",\"data\":{\"message\":\"stop\"}}}}",
    "{\"type\":\"part\",\"data\":{\"id\":\"prt_80\",\"messageID\":\"msg_8\",\"type\":\"text\",\"text\":\"\"}}",
    "{\"type\":\"part\",\"data\":{\"id\":\"prt_81\",\"messageID\":\"msg_8\",\"type\":\"text\",\"text\":\"undone\"}}",
    "{\"type\":\"part\",\"data\":{\"id\":\"prt_9\",\"messageID\":\"msg_lost\",\"type\":\"text\",\"text\":\"an orphan\"}}",
    "{\"type\":\"message\",\"data\":{\"id\":\"msg_9\",\"role\":\"user\"}}",
    ITEM_PART("01", "\"type\":\"text\",\"text\":\"added\",\"synthetic\":true,\"ignored\":true"),
    ITEM_PART("02", "\"type\":\"reasoning\",\"text\":\"hm\",\"time\":{\"start\":1,\"end\":20}"),
    ITEM_PART("03", "\"type\":\"file\",\"mime\":\"image/png\",\"filename\":\"p.png\",\"url\":\"data:image/png;base64,AAAA\",\"source\":{\"path\":\"src/p.png\"}"),
    ITEM_PART("04", "\"type\":\"file\",\"mime\":\"image/svg+xml\",\"filename\":\"p.svg\",\"url\":\"data:image/svg+xml,<svg>\""),
    ITEM_PART("05", "\"type\":\"file\",\"mime\":\"text/plain\",\"filename\":\"a.txt\",\"url\":\"file:///a.txt\""),
    ITEM_PART("06", "\"type\":\"step-start\",\"snapshot\":\"0123456789abcdef\""),
    ITEM_PART("07", "\"type\":\"step-finish\",\"reason\":\"stop\",\"cost\":0.1,\"snapshot\":\"0123456789abcdef\",\"tokens\":{\"input\":5,\"output\":6,\"reasoning\":7,\"cache\":{\"read\":8,\"write\":9}}"),
    ITEM_PART("08", "\"type\":\"patch\",\"hash\":\"0123456789abcdef\",\"files\":[\"/a\",\"/b\"]"),
    ITEM_PART("09", "\"type\":\"agent\",\"name\":\"general\""),
    ITEM_PART("10", "\"type\":\"subtask\",\"agent\":\"general\",\"description\":\"d\",\"prompt\":\"p\",\"command\":\"c\",\"model\":{\"modelID\":\"m\"}"),
    ITEM_PART("11", "\"type\":\"compaction\",\"auto\":true,\"overflow\":true"),
    ITEM_PART("12", "\"type\":\"retry\",\"attempt\":2,\"error\":{\"name\":\"APIError\",\"data\":{\"message\":\"busy\"}},\"time\":{\"created\":1795368378002}"),
    ITEM_PART("13", "\"type\":\"snapshot\",\"snapshot\":\"0123456789abcdef\""),
    ITEM_PART("14", "\"type\":\"hologram\",\"beam\":3"),
    ITEM_TOOL("20", "bash", "completed", "\"command\":\"ls\",\"description\":\"List\",\"workdir\":\"/w\"", "\"output\":\"\\u001b[31mred\\u001b[0m\\n\",\"metadata\":{\"exit\":2,\"output\":\"x\"}"),
    ITEM_TOOL("21", "bash", "running", "\"command\":\"sleep\"", "\"metadata\":{\"output\":\"so far\"}"),
    ITEM_TOOL("22", "edit", "completed", "\"filePath\":\"a.c\",\"oldString\":\"a\",\"newString\":\"b\",\"replaceAll\":true", "\"output\":\"Edited\",\"metadata\":{\"diagnostics\":{\"a.c\":[{\"message\":\"bad\"}]}}"),
    ITEM_TOOL("23", "edit", "completed", "\"filePath\":\"a.c\",\"oldString\":\"a\",\"newString\":\"b\"", "\"output\":\"Edited\",\"metadata\":{\"diff\":\"@@ -1 +1 @@\\n-a\\n+b\\n\",\"filediff\":{\"patch\":\"@@ -1 +1 @@\\n-a\\n+b\\n\"}}"),
    ITEM_TOOL("24", "write", "completed", "\"filePath\":\"a.c\",\"content\":\"int a;\\n\"", "\"output\":\"Wrote\\nmore\",\"metadata\":{}"),
    ITEM_TOOL("25", "multiedit", "completed", "\"filePath\":\"a.c\",\"edits\":[{\"oldString\":\"a\",\"newString\":\"b\"}]", "\"output\":\"ok\""),
    ITEM_TOOL("26", "apply_patch", "completed", "\"patchText\":\"*** Begin Patch\\n*** Add File: a\\n+b\\n*** End Patch\"", "\"output\":\"ok\""),
    ITEM_TOOL("27", "apply_patch", "completed", "\"patchText\":\"p\"", "\"output\":\"ok\",\"metadata\":{\"files\":[{\"relativePath\":\"a\",\"type\":\"add\",\"patch\":\"@@ -0,0 +1 @@\\n+b\\n\",\"additions\":1,\"deletions\":0}]}"),
    ITEM_TOOL("28", "read", "completed", "\"filePath\":\"a.c\",\"offset\":1,\"limit\":5", "\"output\":\"<file>\",\"metadata\":{\"display\":{\"text\":\"int a;\"}},\"attachments\":[{\"type\":\"file\",\"mime\":\"image/png\",\"url\":\"data:image/png;base64,AAAA\"}]"),
    ITEM_TOOL("29", "grep", "completed", "\"pattern\":\"x\",\"path\":\"/p\",\"include\":\"*.c\"", "\"output\":\"Found 3\",\"metadata\":{\"matches\":3,\"truncated\":true}"),
    ITEM_TOOL("30", "glob", "completed", "\"pattern\":\"*\"", "\"output\":\"a\\nb\",\"metadata\":{\"count\":2}"),
    ITEM_TOOL("31", "list", "completed", "\"path\":\"/p\",\"ignore\":[\"x\"]", "\"output\":\"a\",\"metadata\":{\"count\":1}"),
    ITEM_TOOL("32", "webfetch", "completed", "\"url\":\"https://example.com/?a=1&b=2\",\"format\":\"markdown\"", "\"output\":\"# Page\""),
    ITEM_TOOL("33", "websearch", "completed", "\"query\":\"q\",\"numResults\":5", "\"output\":\"found\""),
    ITEM_TOOL("34", "task", "completed", "\"description\":\"d\",\"prompt\":\"p\",\"subagent_type\":\"general\"", "\"output\":\"<task_result>\\nIt is done.\\n</task_result>\",\"metadata\":{\"sessionId\":\"ses_child\"}"),
    ITEM_TOOL("35", "todowrite", "completed", "\"todos\":[{\"content\":\"c\",\"status\":\"completed\",\"priority\":\"high\"},{\"content\":\"d\",\"status\":\"in_progress\",\"priority\":\"low\"}]", "\"output\":\"[]\""),
    ITEM_TOOL("36", "question", "completed", "\"questions\":[{\"header\":\"h\",\"question\":\"q?\",\"options\":[{\"label\":\"l\",\"description\":\"d\"}]}]", "\"output\":\"answered\",\"metadata\":{\"answers\":[[\"l\"]]}"),
    ITEM_TOOL("37", "skill", "completed", "\"name\":\"s\"", "\"output\":\"# Skill\""),
    ITEM_TOOL("38", "server_tool", "completed", "\"a\":{\"b\":[1,2]},\"long\":\"one\\ntwo\"", "\"output\":\"{\\\"x\\\":[1]}\",\"metadata\":{\"m\":1}"),
    ITEM_TOOL("39", "bash", "error", "\"command\":\"x\"", "\"error\":\"it broke\",\"metadata\":{}"),
    ITEM_TOOL("40", "write", "pending", "", "\"raw\":\"{\\\"fileP\""),
    "{\"type\":\"messages\",\"data\":{\"sessionID\":\"ses_1\",\"messages\":["
        "{\"id\":\"msg_n1\",\"type\":\"user\",\"text\":\"newer\",\"time\":{\"created\":1795368378002},\"files\":[{\"uri\":\"data:image/png;base64,AAAA\",\"mime\":\"image/png\",\"name\":\"n\"}],\"agents\":[{\"name\":\"g\"}]},"
        "{\"id\":\"msg_n2\",\"type\":\"assistant\",\"agent\":\"build\",\"model\":{\"id\":\"m\",\"providerID\":\"p\",\"variant\":\"v\"},\"time\":{\"created\":1795368378002},\"finish\":\"x\",\"cost\":1,\"tokens\":{\"input\":1,\"output\":2},\"snapshot\":{\"files\":[\"f\"]},\"error\":{\"type\":\"unknown\",\"message\":\"m\"},\"content\":["
            "{\"type\":\"text\",\"id\":\"t\",\"text\":\"answer\"},{\"type\":\"reasoning\",\"id\":\"r\",\"text\":\"why\",\"time\":{\"created\":1,\"completed\":2}},"
            "{\"type\":\"tool\",\"id\":\"c\",\"name\":\"bash\",\"time\":{\"created\":1,\"ran\":2,\"completed\":3},\"state\":{\"status\":\"completed\",\"input\":{\"command\":\"ls\"},\"structured\":{\"exit\":0},\"content\":[{\"type\":\"text\",\"text\":\"out\"}]}},"
            "{\"type\":\"tool\",\"id\":\"e\",\"name\":\"other\",\"time\":{\"created\":1},\"state\":{\"status\":\"pending\",\"input\":\"{\"}},{\"type\":\"odd\"}]},"
        "{\"id\":\"msg_n3\",\"type\":\"shell\",\"command\":\"ls\",\"output\":\"a\",\"time\":{\"created\":1}},"
        "{\"id\":\"msg_n4\",\"type\":\"compaction\",\"reason\":\"auto\",\"summary\":\"s\",\"recent\":\"r\",\"time\":{\"created\":1}},"
        "{\"id\":\"msg_n5\",\"type\":\"synthetic\",\"text\":\"s\",\"time\":{\"created\":1}},"
        "{\"id\":\"msg_n6\",\"type\":\"agent-switched\",\"agent\":\"plan\",\"time\":{\"created\":1}},"
        "{\"id\":\"msg_n7\",\"type\":\"model-switched\",\"model\":{\"id\":\"m\",\"providerID\":\"p\"},\"time\":{\"created\":1}},"
        "{\"type\":\"nameless\"}]}}",
};
/* clang-format on */

#endif
