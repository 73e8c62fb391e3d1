// Java by the compiler's own tree API: file names on stdin (one a line), one line for each definition on stdout:
// `F path` opens a file, `E` says that it has errors, `D start end column name` is a definition.
import com.sun.source.tree.*;
import com.sun.source.util.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import javax.tools.*;

public class JavaDefinitions {
    public static void main(String[] args) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8);
        for (String path; (path = in.readLine()) != null; ) {
            DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
            JavacTask task = (JavacTask) compiler.getTask(
                null, files, problems, List.of("-proc:none"), null, files.getJavaFileObjects(Path.of(path)));
            out.println("F " + path);
            for (CompilationUnitTree unit : task.parse()) {
                new Finder(unit, Trees.instance(task).getSourcePositions(), out).scan(unit, null);
            }
            if (problems.getDiagnostics().stream().anyMatch(d -> d.getKind() == Diagnostic.Kind.ERROR)) out.println("E");
        }
    }

    static class Finder extends TreeScanner<Void, Void> {
        final CompilationUnitTree unit;
        final SourcePositions positions;
        final PrintStream out;
        final Deque<String> names = new ArrayDeque<>();
        boolean inFunction = false;

        Finder(CompilationUnitTree unit, SourcePositions positions, PrintStream out) {
            this.unit = unit;
            this.positions = positions;
            this.out = out;
        }

        boolean open(Tree tree, Tree to, String name) {
            long start = positions.getStartPosition(unit, tree), end = positions.getEndPosition(unit, to);
            if (start < 0 || end < 0) return false;
            LineMap lines = unit.getLineMap();
            names.addLast(name);
            out.println("D " + lines.getLineNumber(start) + " " + lines.getLineNumber(end - 1) + " " + (lines.getColumnNumber(start) - 1) + " " + String.join(".", names));
            return true;
        }

        @Override public Void visitClass(ClassTree tree, Void none) {
            boolean named = tree.getSimpleName().length() > 0 && open(tree, tree, tree.getSimpleName().toString());
            boolean before = inFunction;
            inFunction = false;
            super.visitClass(tree, none);
            inFunction = before;
            if (named) names.removeLast();
            return null;
        }

        @Override public Void visitMethod(MethodTree tree, Void none) {
            String name = tree.getName().toString();
            if (name.equals("<init>")) {
                name = names.peekLast();
            }
            if (!open(tree, tree, name)) return null;
            inside(() -> super.visitMethod(tree, none));
            return null;
        }

        @Override public Void visitBlock(BlockTree tree, Void none) {
            if (!inFunction && tree.isStatic() && open(tree, tree, "static")) {
                inside(() -> super.visitBlock(tree, none));
                return null;
            }
            return super.visitBlock(tree, none);
        }

        @Override public Void visitVariable(VariableTree tree, Void none) {
            if (!inFunction && tree.getInitializer() instanceof LambdaExpressionTree lambda
                && open(tree, lambda, tree.getName().toString())) {
                inside(() -> super.visitVariable(tree, none));
                return null;
            }
            return super.visitVariable(tree, none);
        }

        void inside(Runnable work) {
            boolean before = inFunction;
            inFunction = true;
            work.run();
            inFunction = before;
            names.removeLast();
        }
    }
}
