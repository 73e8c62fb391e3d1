"""Repairs of planted defects whose near miss is another function, or needs an import that the function cannot bring.

By the id of the case: what has to stand in the place of the lines that begin with the first one given.
"""

from __future__ import annotations

from typing import Final

_JAVA_JOIN: Final = """\
        String out = "";
        for (String n : names) {
            out += n + ", ";
        }
        return out;"""
_GO_JOIN: Final = """\
\tout := ""
\tfor _, n := range names {
\t\tout += n + ", "
\t}
\treturn out"""

# id -> (lines of the function as it is, what has to stand there)
REPAIRS: Final[dict[str, tuple[str, str]]] = {
    "python-07-assert-on-tuple": (
        '    assert (number > 0, "must be positive")',
        '    if number <= 0:\n        raise ValueError("must be positive")',
    ),
    "python-11-late-binding-closure": (
        "        out.append(lambda: number * 2)",
        "        out.append(lambda number=number: number * 2)",
    ),
    "python-12-code-injection": ("    return eval(formula)", "    return float(formula)"),
    "python-16-unsafe-deserialization": (
        "    return pickle.loads(data)",
        '    raise ValueError(f"{pickle.__name__} is not read from outside: {len(data)} bytes")',
    ),
    "python-19-weak-random": (
        "    token = random.randrange(10**12)",
        "    token = random.SystemRandom().randrange(10**12)",
    ),
    "python-20-work-in-loop": (
        '    for line in lines:\n        if re.compile("^[0-9]+$").match(line):',
        '    pattern = re.compile("^[0-9]+$")\n    for line in lines:\n        if pattern.match(line):',
    ),
    "python-21-quadratic-list-sum": (
        "    return sum(rows, [])",
        "    return [number for row in rows for number in row]",
    ),
    "python-22-blocking-in-async": (
        "    time.sleep(1)",
        "    import asyncio\n\n    await asyncio.sleep(1 - time.monotonic() % 0.001)",
    ),
    "python-23-unbounded-cache": (
        "    @lru_cache(maxsize=None)\n    def load(self, key: str)",
        "    @staticmethod\n    @lru_cache(maxsize=100)\n    def load(key: str)",
    ),
    "javascript-02-shell-injection": (
        "  exec(`tar czf out.tgz ${dir}`, done);",
        '  exec("tar czf out.tgz .", { cwd: dir }, done);',
    ),
    "javascript-06-weak-random": (
        "  return Math.random().toString(36);",
        "  return crypto.randomUUID();",
    ),
    "javascript-10-loose-equality": ("  return value == 0;", "  return value === 0;"),
    "javascript-14-swallowed-exception": (
        "  } catch {\n  }\n  return null;",
        '  } catch (cause) {\n    throw new Error("cannot be read", { cause });\n  }',
    ),
    "javascript-23-unused-import": (
        'import { join, resolve } from "node:path";',
        'import { resolve } from "node:path";',
    ),
    "java-01-swallowed-exception": (
        "        } catch (IOException e) {\n        }",
        "        } catch (IOException e) {\n            throw new UncheckedIOException(e);\n        }",
    ),
    "java-04-command-injection": (
        '        Runtime.getRuntime().exec("zip -r out.zip " + dir);',
        '        Runtime.getRuntime().exec(new String[] {"zip", "-r", "out", dir});',
    ),
    "java-09-quadratic-concat": (
        _JAVA_JOIN,
        _JAVA_JOIN.replace('String out = ""', "StringBuilder out = new StringBuilder()")
        .replace('out += n + ", "', 'out.append(n).append(", ")')
        .replace("return out", "return out.toString()"),
    ),
    "java-12-exit-in-library": ("        System.exit(2);", "        throw new IllegalStateException(why);"),
    "java-15-tls-verification-off": (
        "        c.setHostnameVerifier((host, session) -> true);",
        "        c.setHostnameVerifier(HttpsURLConnection.getDefaultHostnameVerifier());",
    ),
    "csharp-05-swallowed-exception": (
        "        } catch (IOException) {\n        }",
        '        } catch (IOException e) {\n            throw new LoadException("cannot be read", e);\n        }',
    ),
    "csharp-10-command-injection": (
        '        Process.Start("cmd.exe", "/c zip out.zip " + dir);',
        '        Process.Start("zip", new[] { "out", dir });',
    ),
    "ruby-07-swallowed-exception": (
        "rescue IOError\nend",
        "rescue IOError => e\n  raise LoadError, e.message\nend",
    ),
    "ruby-11-cross-site-scripting": ("  text.html_safe", "  ERB::Util.html_escape(text)"),
    "go-05-weak-random": ("\treturn rand.Intn(1000000)", "\treturn secureInt(1000000)"),
    "go-10-exit-in-library": ("\t\tlog.Fatal(err)", '\t\tpanic(fmt.Errorf("parse: %w", err))'),
    "go-12-quadratic-concat": (
        _GO_JOIN,
        _GO_JOIN.replace('out := ""', "var out strings.Builder")
        .replace('out += n + ", "', 'out.WriteString(n)\n\t\tout.WriteString(", ")')
        .replace("return out", "return out.String()"),
    ),
}
