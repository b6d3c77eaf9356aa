package vet

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"
)

// CalledByGoVet reports whether the arguments of the program are those of "go vet -vettool": a question of
// the protocol that [unitchecker.Main] describes, or the configuration of a package behind flags.
func CalledByGoVet(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	for _, arg := range args[:len(args)-1] {
		if !strings.HasPrefix(arg, "-") {
			return false
		}
	}
	return last == versionFlag || last == "-flags" || strings.HasSuffix(last, ".cfg")
}

const versionFlag = "-V=full"

// Main does what go vet asks for, and ends the program.
func Main(args []string) {
	if args[len(args)-1] != versionFlag {
		unitchecker.Main(NewAnalyzer())
	}
	if err := writeVersion(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "polyfault: "+err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

// writeVersion writes the line by which go vet knows whether what it has in its cache is still true. The
// locale files of the module count like the program itself: unitchecker's own line would leave a package as
// checked after its texts have changed.
func writeVersion(w io.Writer) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	sum := sha256.New()
	if err := addFile(sum, program); err != nil {
		return err
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	addLocales(sum, root)
	_, err = fmt.Fprintf(w, "%s version devel comments-go-here buildID=%02x\n", program, sum.Sum(nil))
	return err
}

// moduleRoot returns the nearest folder with a go.mod, else the working directory.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return here, nil
		}
	}
}

// addLocales adds name and content of each locale file below root, but for folders that no package is in.
// What cannot be read is reported where it is needed.
func addLocales(sum hash.Hash, root string) {
	_ = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // reported where the folder is needed
		}
		if entry.IsDir() {
			if name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if matched, _ := filepath.Match("active.*.toml", entry.Name()); !matched {
			return nil
		}
		fmt.Fprintf(sum, "%q\n", name)
		_ = addFile(sum, name)
		return nil
	})
}

func addFile(sum hash.Hash, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(sum, file)
	return err
}
