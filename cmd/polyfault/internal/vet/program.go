package vet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

// A Finding is one mistake in the use of texts.
type Finding struct {
	File         string // absolute
	Line, Column int    // from 1; no column for locale files
	Category     string // unknown, missing, extra or unused
	Message      string
}

// Options say what to check. The zero Options are ready to use.
type Options struct {
	Dir     string // where patterns are meant; "" is the working directory
	Locales string // folder of locale files; "" looks beside each package and above
	Unused  bool   // look for unused texts too
}

// Check checks the packages that the patterns name, in the way of the go command, and with opts.Unused the
// locale files of their modules. Findings are sorted by place. It is an error when one of the packages does
// not compile; when others of the module do not, unused texts cannot be told.
func Check(ctx context.Context, opts Options, patterns ...string) ([]Finding, error) {
	if opts.Locales != "" {
		folder, err := filepath.Abs(opts.Locales)
		if err != nil {
			return nil, err
		}
		opts.Locales = folder
	}
	p, err := loadProgram(ctx, opts.Dir, patterns)
	if err != nil {
		return nil, err
	}
	a := NewAnalyzer()
	if err := a.Flags.Set("locales", opts.Locales); err != nil {
		return nil, err
	}
	found, err := p.analyze(a)
	if err != nil {
		return nil, err
	}
	if opts.Unused {
		unused, err := p.unused(opts.Locales)
		if err != nil {
			return nil, err
		}
		found = append(found, unused...)
	}
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Message, b.Message))
	})
	return found, nil
}

// A program is the packages to check and what is to be known of others.
type program struct {
	wanted map[string]bool     // paths of the packages to check
	own    []*packages.Package // all packages of the wanted ones' modules
	all    []*packages.Package // own ones, and those of other modules that use polyfault
}

// loadProgram loads with syntax what defines or uses kinds and texts; all else comes as export data.
func loadProgram(ctx context.Context, dir string, patterns []string) (*program, error) {
	config := &packages.Config{Context: ctx, Dir: dir, Mode: packages.NeedName | packages.NeedModule}
	wanted, err := load(config, patterns)
	if err != nil {
		return nil, err
	}
	p := &program{wanted: map[string]bool{}}
	modules := map[string]bool{}
	for _, pkg := range wanted {
		p.wanted[pkg.PkgPath] = true
		if pkg.Module != nil && !modules[pkg.Module.Path] {
			modules[pkg.Module.Path] = true
			patterns = append(patterns, pkg.Module.Path+"/...")
		}
	}
	config.Mode |= packages.NeedImports | packages.NeedDeps
	graph, err := load(config, patterns)
	if err != nil {
		return nil, err
	}
	config.Mode = packages.LoadSyntax | packages.NeedModule
	if p.all, err = load(config, pathsOf(graph)); err != nil {
		return nil, err
	}
	wanted = nil
	for _, pkg := range p.all {
		if p.wanted[pkg.PkgPath] {
			wanted = append(wanted, pkg)
		}
		if p.wanted[pkg.PkgPath] || pkg.Module != nil && modules[pkg.Module.Path] {
			p.own = append(p.own, pkg)
		}
	}
	return p, problems(wanted)
}

// pathsOf returns the packages and those of their dependencies that import polyfault's core.
func pathsOf(pkgs []*packages.Package) []string {
	var paths []string
	for _, pkg := range pkgs {
		paths = append(paths, pkg.PkgPath)
	}
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		if pkg.PkgPath == corePath || pkg.Imports[corePath] != nil {
			paths = append(paths, pkg.PkgPath)
		}
	})
	slices.Sort(paths)
	return slices.Compact(paths)
}

func load(config *packages.Config, patterns []string) ([]*packages.Package, error) {
	pkgs, err := packages.Load(config, patterns...)
	if err != nil {
		return nil, err
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("%s: there is no package", strings.Join(patterns, " "))
	}
	return pkgs, nil
}

// problems are what is wrong with the packages. The go command's own words have no place in the code; they
// say the same again when there are others.
func problems(pkgs []*packages.Package) error {
	var placed, others []error
	for _, pkg := range pkgs {
		for _, problem := range pkg.Errors {
			if problem.Pos == "-" || problem.Pos == "" {
				others = append(others, problem)
				continue
			}
			placed = append(placed, problem)
		}
	}
	return cmp.Or(errors.Join(placed...), errors.Join(others...))
}

func (p *program) analyze(a *analysis.Analyzer) ([]Finding, error) {
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, p.all, nil)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, action := range graph.Roots {
		if !p.wanted[action.Package.PkgPath] {
			continue
		}
		if action.Err != nil {
			return nil, fmt.Errorf("%s: %w", action.Package.PkgPath, action.Err)
		}
		for _, d := range action.Diagnostics {
			at := action.Package.Fset.Position(d.Pos)
			found = append(found, Finding{at.Filename, at.Line, at.Column, d.Category, d.Message})
		}
	}
	return found, nil
}

// unused looks through the folder, or each one that a package to check has. Code that does not compile may
// use any text.
func (p *program) unused(folder string) ([]Finding, error) {
	if problems(p.own) != nil {
		return nil, nil //nolint:nilerr // as the comment says
	}
	folders := []string{folder}
	if folder == "" {
		folders = p.folders()
	}
	u := collect(p.own)
	var found []Finding
	for _, folder := range folders {
		more, err := u.unused(folder)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// folders are those of the packages to check.
func (p *program) folders() []string {
	var folders []string
	for _, pkg := range p.own {
		if !p.wanted[pkg.PkgPath] || pkg.Imports[corePath] == nil || len(pkg.GoFiles) == 0 {
			continue
		}
		if folder := localesFor(filepath.Dir(pkg.GoFiles[0])); folder != "" {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}
